#include <cstring>
#include <set>

#include "area/audit.h"
#include "area/memory.h"
#include "procgraph/admin.h"

namespace procgraph {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::size_t kMostObjects = 4096;
constexpr std::uint64_t kLargest = std::uint64_t{1} << 46;

}  // namespace

Result<AreaSizes> area_sizes(const AreaShape& shape) {
  if (shape.size == 0 || shape.size > kLargest) return Error{"an area has from 1 byte to 64 TiB", 0};
  if (shape.sync.size() > kMostObjects) return Error{"an area has at most 4,096 sync objects", 0};
  std::set<std::string_view> names;
  for (const std::string& name : shape.sync) {
    if (name.empty() || name.size() >= sizeof(detail::SyncObject::name) || !names.insert(name).second)
      return Error{"a sync object has a name of its own, of at most 63 bytes", 0};
  }
  const std::uint64_t control = detail::kSyncAt + shape.sync.size() * sizeof(detail::SyncObject);
  return AreaSizes{.control = (control + kPage - 1) / kPage * kPage, .data = shape.size};
}

Result<void> init_area(std::span<std::byte> control, const AreaShape& shape) {
  const auto sizes = area_sizes(shape);
  if (!sizes) return sizes.error();
  if (control.size() < sizes->control) return Error{"area: the control region is too small", 0};
  auto& c = *reinterpret_cast<detail::AreaControl*>(control.data());
  c.header = detail::header_of(shape);
  auto* objects = reinterpret_cast<detail::SyncObject*>(control.data() + detail::kSyncAt);
  for (std::size_t i = 0; i < shape.sync.size(); ++i)
    std::memcpy(objects[i].name.data(), shape.sync[i].data(), shape.sync[i].size());
  return {};
}

Recovery reap_area(std::span<std::byte> control, std::uint16_t participant) {
  if (participant < 1 || participant > kMaxParticipants) return {};
  if (auto area = detail::AreaMemory::attach(control, {})) return detail::reap_area(*area, participant);
  return {};
}

std::optional<QueuePoison> poisoned_area(std::span<std::byte> control, const AreaShape& shape) {
  const char* found = detail::audit(control, shape);
  if (found == nullptr) return std::nullopt;
  return QueuePoison{.finder = 0, .reason = found};
}

void sidestep_area(std::span<std::byte> control) {
  if (auto area = detail::AreaMemory::attach(control, {})) detail::rouse(*area);
}

}  // namespace procgraph
