// One connected part as a picture: its layers cut into bands that fit the width, each band drawn on a canvas.
#pragma once

#include <string>

#include "graph/draw/layout.h"

namespace procgraph {

[[nodiscard]] std::string picture(const Shape& shape, Layout layout, int columns);

}  // namespace procgraph
