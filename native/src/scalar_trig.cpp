// sin and cos of one number of any size, for lanes whose argument is too large for the kernels' own reduction.
#include <cmath>

namespace chainrule {

double scalar_sin(double x);
double scalar_cos(double x);

double scalar_sin(double x) { return std::sin(x); }
double scalar_cos(double x) { return std::cos(x); }

}  // namespace chainrule
