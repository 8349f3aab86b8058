// Reading the channels of the file: `queues:`, `topics:`, `pipes:`, `shared_memory:` and `sockets:`.
#pragma once

#include <vector>

#include "config/values.h"

namespace procgraph::config {

// Adds the channels of one top-level key: a list of names, or a map of names and options, which take the
// file's defaults.
void read_queues(Reader& reader, const Field& field, std::vector<ChannelSpec>& channels);
void read_topics(Reader& reader, const Field& field, std::vector<ChannelSpec>& channels);
void read_pipes(Reader& reader, const Field& field, std::vector<ChannelSpec>& channels);
void read_areas(Reader& reader, const Field& field, std::vector<ChannelSpec>& channels);
void read_sockets(Reader& reader, const Field& field, std::vector<ChannelSpec>& channels);

[[nodiscard]] bool check_queue_defaults(Reader& reader, const YamlNode& map);
[[nodiscard]] bool check_topic_defaults(Reader& reader, const YamlNode& map);
[[nodiscard]] bool check_pipe_defaults(Reader& reader, const YamlNode& map);
[[nodiscard]] bool check_area_defaults(Reader& reader, const YamlNode& map);
[[nodiscard]] bool check_socket_defaults(Reader& reader, const YamlNode& map);

}  // namespace procgraph::config
