// AᵀA and Aᵀr of the residuals r = w ⊙ (N_θ(x) − y) over all examples and outputs, with the Jacobian A = ∂r/∂θ.
//
// A is never stored. With δ[i] = w ∂a[r]ₖ/∂z[i] for each example and output k, ∂r/∂W[i] = δ[i] a[i−1]ᵀ, so that an entry
// of AᵀA is a sum over the examples
//
//   ∂r/∂W[i]ⱼₗ · ∂r/∂W[i′]ⱼ′ₗ′  =  Σ (Σₖ δ[i]ⱼ δ[i′]ⱼ′) (a[i−1]ₗ a[i′−1]ₗ′)
//
// of products of two numbers: one for each pair of units, in which the outputs are summed up, and one for each pair of
// inputs; an input that is 1 stands for b. For i = i′ each product serves two entries of AᵀA, since j, j′ and l, l′ can
// be exchanged: half of the operations of a product of matrices, and a share 1/m_r of them for m_r outputs.
#pragma once

#include <vector>

#include "buffer.hpp"
#include "chainrule/kernel_set.hpp"
#include "chainrule/spec.hpp"
#include "kernels.hpp"
#include "threads/team.hpp"

namespace chainrule {

// Sums over the examples of calls of `add`, each in one fixed order for any number of threads.
class NormalEquations {
 public:
  // A network with a full W[i], and without κ.
  NormalEquations(const NetworkSpec& net, int threads);

  // Begins with sums of 0.
  void begin();
  // Adds t examples at θ (d,): X (t, m₀), Y (t, m_r) and the factors w (t,).
  void add(const double* theta, const double* X, const double* Y, const double* w, long t);
  // normal (d, d) := AᵀA, of which the entries [l][k] with k ≤ l are set; gradient (d,) := Aᵀr
  void get(double* normal, double* gradient) const;

 private:
  struct Pair {
    int first, second;
  };
  // The sums over the examples of products of the rows p_f q_g, (f, g) of `units`, with rows s_f u_g of `inputs`.
  struct Products {
    ExampleRows p, q, s, u;
    std::vector<Pair> units, inputs;
    long stride;          // the inputs, rounded up to columns of the kernel
    Buffer<double> sums;  // (units, stride)
  };
  struct Piece {  // a part of Products that one thread sums up
    int products, first_unit, last_unit, first_input, last_input;
  };
  struct Layer {
    long n, m, theta_offset, stride;  // of a micro-batch's groups in `a`
    Buffer<double> a;                 // [groups][m + 1][vectors][lanes], with 1 in the last row
    Buffer<double> saved;             // [groups][m][vectors][lanes], if σ′ does not follow from a
    Buffer<double> delta;             // [groups][m_r][m][vectors][lanes]
  };
  struct Workspace {  // of a thread
    Buffer<double> scratch, units, inputs;
  };

  ExampleRows inputs_of(int i) const;  // a[i−1] and 1
  ExampleRows deltas_of(int i) const;  // δ[i]
  void pair_layers(int i, int k);
  void add_products(const ExampleRows& p, const ExampleRows& q, std::vector<Pair> units, const ExampleRows& s,
                    const ExampleRows& u, std::vector<Pair> inputs);
  void differentiate(const double* theta, const double* X, const double* Y, const double* w, long rows, long group,
                     int thread);
  void sum(const Piece& piece, int vectors, int thread);
  long entry(int i, int unit, int input) const;  // the place of W[i] or b[i] in θ

  const JacobianKernels& kernels_;
  const Kernels<double>& all_kernels_;
  const NetworkSpec net_;
  const long d_, m_;     // m_r
  const long row_size_;  // numbers of a feature in a group
  const int groups_;     // of a micro-batch
  std::vector<Layer> layers_;
  Buffer<double> x_, y_, w_, residuals_;  // of a micro-batch: [groups][m₀ + 1 or m_r or 1][vectors][lanes]
  std::vector<Workspace> workspaces_;
  std::vector<Products> products_;  // for layers i ≤ k of AᵀA, and of Aᵀr for each layer
  std::vector<Piece> pieces_;
  Team team_;
};

}  // namespace chainrule
