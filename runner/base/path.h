// Paths as text: no system call.
#pragma once

#include <string>
#include <string_view>

namespace procgraph {

[[nodiscard]] std::string absolute(std::string_view base,
                                   std::string_view path);  // lexically normal; base is absolute
[[nodiscard]] std::string folder(std::string_view path);    // "/a" of "/a/b", "." of "b"
[[nodiscard]] std::string stem(std::string_view path);      // "b" of "/a/b.yaml"

}  // namespace procgraph
