#pragma once
namespace chainrule {
template <class T> struct Kernels {
  int lanes;
};
}
