// The codec alone in native code: simdjson's on-demand reader, the sum, std::to_chars. It trusts its input: columns in
// the order of the bench's bodies, no missing samples, nothing that must be refused.
//
//   codec BODY           prints the encoded response
//   codec BODY ROUNDS    prints the milliseconds of each decode + sum + encode
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <vector>

using simdjson::ondemand::document;
using simdjson::ondemand::parser;

struct Columns {
  std::vector<double> date, e1, e2;
};

static double decode(parser &parser, const simdjson::padded_string &body, Columns &columns) {
  document document = parser.iterate(body);
  const double scale = document["param"]["scale"];
  for (auto row : document["scalar"]["data"].get_array()) {
    auto cell = row.get_array().begin();
    columns.date.push_back(double(*cell));
    columns.e1.push_back(double(*++cell));
    columns.e2.push_back(double(*++cell));
    ++cell;
  }
  return scale;
}

static std::vector<double> sum(const Columns &columns, double scale) {
  std::vector<double> sum(columns.e1.size());
  for (size_t row = 0; row < sum.size(); row++) sum[row] = scale * (columns.e1[row] + columns.e2[row]);
  return sum;
}

// Sends the text in pieces, as a server would: `send` gets the one buffer whenever it is full.
template <typename Send>
static void encode(const std::vector<double> &date, const std::vector<double> &sum, Send send) {
  constexpr size_t ROW = 64; // two doubles of at most 24 characters, brackets and commas
  static char piece[1 << 16];
  char *const full = piece + sizeof piece - ROW;
  char *at = piece;
  const auto put = [&at](const char *text) { at = std::copy_n(text, std::strlen(text), at); };

  put(R"({"headers":["date","sum_ts"],"data":[)");
  for (size_t row = 0; row < date.size(); row++) {
    if (at > full) {
      send(piece, at - piece);
      at = piece;
    }
    if (row > 0) *at++ = ',';
    *at++ = '[';
    at = std::to_chars(at, at + 24, date[row]).ptr;
    *at++ = ',';
    at = std::to_chars(at, at + 24, sum[row]).ptr;
    *at++ = ']';
  }
  put("]}");
  send(piece, at - piece);
}

template <typename Send>
static void respond(parser &parser, const simdjson::padded_string &body, Send send) {
  Columns columns;
  const double scale = decode(parser, body, columns);
  encode(columns.date, sum(columns, scale), send);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  const simdjson::padded_string body = simdjson::padded_string::load(argv[1]);
  parser parser;
  if (argc == 2) respond(parser, body, [](const char *piece, size_t length) { std::cout.write(piece, length); });
  for (int rounds = argc == 2 ? 0 : std::atoi(argv[2]); rounds > 0; rounds--) {
    size_t bytes = 0;
    const auto start = std::chrono::steady_clock::now();
    respond(parser, body, [&bytes](const char *, size_t length) { bytes += length; });
    const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
    std::cout << spent.count() << std::endl;
    if (bytes == 0) return 1;
  }
}
