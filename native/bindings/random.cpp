// shuffle: the order of the examples for those that do not draw it in the compiled core.
#include <limits>

#include "arrays.hpp"
#include "stream.hpp"

namespace chainrule::bindings {

void bind_random(nb::module_& module) {
  module.def(
      "shuffle",
      [](nb::handle position, nb::handle order) {
        Pcg64 from = stream(position);
        const Vector<std::uint32_t> shuffled(order);
        if (shuffled.length() > std::numeric_limits<std::uint32_t>::max())
          throw std::invalid_argument("too many entries for a shuffle");
        nb::gil_scoped_release release;
        shuffle(from, shuffled.length(), shuffled.data());
      },
      nb::arg("stream"), nb::arg("order"),
      "Sets ``order`` to 0 … t − 1, shuffled with t − 1 raw numbers of the stream at a position, whose halves are "
      "given.");
}

}  // namespace chainrule::bindings
