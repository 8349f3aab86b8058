#include "os/doorplate.h"

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <utility>

namespace procgraph {

// A runner may be killed while it writes.
struct Doorplate::Page {
  std::array<char, 3072> folder;
  std::array<char, 512> name;
  ino_t guests, control;
  std::atomic<bool> written;
};

Result<Doorplate> Doorplate::make() {
  void* page = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return Error{"mmap", errno};
  return Doorplate(static_cast<Page*>(page));
}

Doorplate::Doorplate(Doorplate&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}

Doorplate::~Doorplate() {
  if (page_ != nullptr) ::munmap(page_, sizeof(Page));
}

void Doorplate::write(const Door::Files& files) const {
  if (files.folder.size() >= page_->folder.size() || files.name.size() >= page_->name.size()) return;
  files.folder.copy(page_->folder.data(), files.folder.size());
  files.name.copy(page_->name.data(), files.name.size());
  page_->guests = files.guests;
  page_->control = files.control;
  page_->written.store(true, std::memory_order_release);
}

void Doorplate::take_down() const {
  if (page_->written.load(std::memory_order_acquire)) clear_door(page_->folder.data(), page_->name.data());
}

void Doorplate::take_down_before() const {
  if (!page_->written.load(std::memory_order_acquire)) return;
  remove_door({page_->folder.data(), page_->name.data(), page_->guests, page_->control});
}

}  // namespace procgraph
