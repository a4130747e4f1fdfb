// The position and the records of a training run. With θ and the moments they are all that a run needs to be resumed
// (engines/state.py).
#pragma once

#include <array>
#include <limits>
#include <vector>

#include "random.hpp"

namespace chainrule {

enum class Stopped { no, tol, patience, epochs, diverged };

struct Progress {
  long step = 0, epoch = 0, batch = 0;        // made so far; `batch` counts those of the running epoch
  long first_step = 0;                        // steps made before epoch 0, by a run over another training set
  double partial_J = 0, partial_seconds = 0;  // of the running epoch
  Pcg64 stream;                               // at the start of the running epoch
  double best_J = std::numeric_limits<double>::infinity();
  long best_epoch = 0;
  enum Record { J, validation_J, learning_rate, seconds, gradient_norm, kinds };
  std::array<std::vector<double>, kinds> records;  // one number per epoch
};

}  // namespace chainrule
