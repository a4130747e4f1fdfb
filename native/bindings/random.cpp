// shuffle: the order of the examples for engines that do not train in the compiled core.
#include "random.hpp"

#include "arrays.hpp"

namespace chainrule::bindings {

void bind_random(nb::module_& module) {
  module.def(
      "shuffle",
      [](nb::handle numbers, nb::handle order) {
        const Vector<const std::int64_t> u(numbers);
        const Vector<std::int64_t> shuffled(order);
        if (u.length() < shuffled.length() - 1) throw std::invalid_argument("too few numbers for a shuffle");
        nb::gil_scoped_release release;
        const std::int64_t* next = u.data();
        fisher_yates(shuffled.length(), shuffled.data(), [&next] { return static_cast<std::uint64_t>(*next++); });
      },
      nb::arg("numbers"), nb::arg("order"),
      "Shuffles ``order`` in place with the raw numbers of a random stream, one for each entry but the last.");
}

}  // namespace chainrule::bindings
