// Training steps in panels: forward and deltas split by the batch's rows, ∂J/∂W by tiles of W with the optimizer's step as their
// epilogue, two barriers a step (three where rows are halved, panels/gradient_sum.cpp) and no buffer for the gradient. A batch of many rows
// goes in blocks that are summed in order.
#pragma once

#include <memory>
#include <vector>

#include "method.hpp"
#include "panels/panel_network.hpp"

namespace chainrule {

template <class T> class PanelMethod final : public Method<T> {
 public:
  explicit PanelMethod(const ProblemSpec<T>& problem);

  const char* name() const override { return "panels"; }
  void put(const T* theta, const std::array<const T*, 2>& moments) override;
  void get(T* theta, const std::array<T*, 2>& moments, int thread, int threads) const override;
  void set_thread_count(int threads) override;
  void finish() override;
  Outcome step(const Step<T>& step, Team& team, int thread) override;
  double losses(const TrainingSet<T>& set, double scale, Team& team, int thread) override;

  // ∇J(θ) (d,) and, row by row, δ[1] … δ[r] (t, mᵢ), at the θ that was put; J is this->measured.J. Called by all threads.
  void gradient(const Step<T>& step, T* gradient, T* const* deltas, Team& team, int thread);

 private:
  struct Piece {  // some blocks of ∂J/∂W, of R or fewer rows and columns of a layer's packed weights each
    int layer;    // layers[layer]; −1: piece number p of the front
    int p, q;     // panels of its outputs and, the first one, of its inputs (thin: p = 0)
    int count;    // of blocks
    long first;   // of them, in blocks_
  };
  struct Numbers {  // like a layer's weights(), b and κ
    Buffer<T> of[parts];
  };

  using Layer = typename PanelNetwork<T>::Layer;

  Numbers room_like(const Layer& layer) const;
  long count(const Layer& layer, Part part) const;  // of numbers in such a room
  Outcome decide(const Step<T>& step);
  void make_room_for_sums();
  bool calm() const;  // did all threads see only moderate numbers?
  void look_for_zeros(long rows);

  // panels/work_split.cpp
  void make_blocks();
  void set_half();
  void point_blocks();
  double lines(const Piece& piece) const;
  void choose_sums(bool finite);
  void divide(int threads);
  void share_from(long first, std::vector<long>& cuts, int threads) const;
  int place(const Piece& piece) const;  // i − 1 for a piece of L[i]
  GradientBlock<T> gradient_block(int l, int p, int q) const;
  Parameters<T> parameters(int l, Part part, T* numbers, long at) const;
  BiasBlock<T> bias_block(const Piece& piece, Part part) const;
  UnitGradient<T> unit_gradient(const Piece& piece, long rows) const;

  // panels/gradient_sum.cpp
  bool halves_pay() const;
  bool among_zeros(const Piece& piece) const { return piece.layer >= 0 && finite_ && sparse_[piece.layer]; }
  void weights(const GradientEpilogue<T>& epilogue, long rows, Team& team, int thread);
  void measure(const Piece& piece, GradientEpilogue<T>& epilogue);
  void sum_up(const Piece& piece, const GradientRows<T>& rows, GradientEpilogue<T> epilogue) const;
  void apply(const GradientEpilogue<T>& epilogue, Team& team, int thread);
  double penalty(const Step<T>& step) const;
  void measure_penalty();

  // panels/overflow_guard.cpp
  void measure_reach();
  bool stays_finite(const Step<T>& step, double largest);
  void measure_data(const ProblemSpec<T>& problem);
  bool moderate_within(double theta_reach);
  void look_ahead(const Step<T>& step);
  template <class F> void each_array(F f) const;
  void keep();
  bool theta_is_finite() const;
  void restore();

  PanelNetwork<T> network_;
  const CostSpec cost_;
  const long block_rows_;
  const bool penalised_;
  const bool halves_;                // is a block of many rows summed half by half?
  std::vector<Numbers> moments_[2];  // of each layer, as many as the optimizer keeps
  std::vector<Numbers> sums_;        // the gradient, where a step needs it whole before it moves θ, or half first
  Buffer<T> front_moments_[2], front_sums_;    // like front.theta; the sums are made room for from the start
  std::vector<Buffer<T>> kept_;                // θ and the moments before a step that may overflow
  double x_reach_, y_reach_, weight_reach_;    // no input, no target, no scaled weight is larger
  std::vector<double> a_reach_;                // room for bounds of |a[0]| … |a[r − 1]|
  double theta_reach_ = 0, moment_reach_ = 0;  // no |θ|, no first moment is larger
  bool safe_ = false, keeps_ = false;
  bool foresees_;                         // may moderate_within() ever hold?
  bool calm_ahead_ = false;               // thread 0 knows that the next step sees only moderate numbers
  long next_look_ = 0, look_every_ = 64;  // steps until θ may be measured for that, and from one time to the next
  std::vector<char> sparse_;              // of each layer: has its δ many zeros?
  bool finite_ = false;                   // are all activations and deltas?
  long passes_ = 0;
  std::vector<GradientBlock<T>> blocks_;  // of the gradient; one of the front is empty
  std::vector<Piece> groups_;             // all of them, those together that go together among zeros
  long half_block_ = 0;                   // blocks before this one are half of the work
  std::vector<Piece> pieces_;             // the same, as threads share them at present
  std::vector<double> work_;              // of the pieces before each one; the last is that of all
  std::vector<long> cuts_;                // thread t begins with pieces cuts_[t] … cuts_[t + 1] − 1
  long half_ = 0;                         // the piece that begins with block half_block_
  std::vector<long> other_cuts_;          // like cuts_, counted from piece half_ on, with those before it at the end
  std::vector<double> norm2_;             // ‖g‖² of each block (its bias included)
  std::vector<double> penalties_;         // Σ|W|, ΣW² of each block
  struct alignas(64) Flag {
    bool calm;              // did this thread see only moderate numbers?
    bool foreseen = false;  // will it, in the next step?
  };
  std::vector<Flag> flags_;                  // of each thread
  std::vector<StepConstants<T>> constants_;  // of each layer, with this step's clipping
  Outcome decision_ = Outcome::done;
  double block_J_ = 0;
};

extern template class PanelMethod<float>;
extern template class PanelMethod<double>;

}  // namespace chainrule
