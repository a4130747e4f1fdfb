// Part of a block-diagonal weight matrix W = diag(W₁, …, W_k): `count` consecutive blocks of one shape (p, q).
#pragma once

namespace chainrule {

struct Run {
  long count, p, q;
};

}  // namespace chainrule
