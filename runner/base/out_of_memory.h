// What is done where operator new finds no memory: handlers for std::set_new_handler.
#pragma once

namespace procgraph {

// Says so and ends with 71, from wherever it is: nothing that is half done is gone on with.
[[noreturn]] void end_without_memory();
// For whoever has to end others first, which gives memory back: waits a moment, and it is tried again.
void wait_for_memory();

}  // namespace procgraph
