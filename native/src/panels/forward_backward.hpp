// The forward and the backward pass over a micro-batch. Threads divide it by rows, and carry a few of them through all
// layers at a time; or by columns: they divide the panels of each layer and meet at a barrier after it.
#pragma once

#include <vector>

#include "panels/activations.hpp"
#include "threads/team.hpp"

namespace chainrule {

// The rows of a training set that a pass computes: all of a minibatch, or a part of a large one.
template <class T> struct MicroBatch {
  const TrainingSet<T>* set;
  const std::uint32_t* order;        // null: first, first + 1, …
  long first;                        // see `order`
  int rows;                          // ≤ capacity
  double scale;                      // of the examples' weights
  bool is_training;                  // with dropout and the backward pass
  long known = 0;                    // entries of `order` that are worth a prefetch
  bool cannot_overflow = false;      // as proved beforehand: run() need not look for large numbers
  std::uint64_t dropout_key = 0;     // of the step
  const double* dropout = nullptr;   // [r]: p of each layer
  long step_row = 0, step_rows = 0;  // these are rows step_row, step_row + 1, … of a step's step_rows rows
};

template <class T> class ForwardBackward {
 public:
  ForwardBackward(const PanelNetwork<T>& network, const CostSpec& cost, int threads);

  // Computes the activations, the losses and, in training, the deltas. Returns whether this thread saw no overflow: all
  // losses, activations and deltas below limits with which no sum over `capacity` rows can overflow. All threads call
  // this, and a barrier must follow. A stopping team leaves work undone.
  bool run(const MicroBatch<T>& batch, Team& team, int thread);

  // Writes this thread's part of δ[1] … δ[r] to rows first, first + 1, … of deltas[i − 1] (·, mᵢ).
  void copy_deltas(long rows, T* const* deltas, long first, int thread, int threads) const;

  void free_all();

  Activations<T> activations;
  Buffer<double> losses;  // [capacity]

 private:
  struct Region {  // the rows and panels of a layer that a thread computes at a time
    int first_row, last_row, first_panel, last_panel;
    int turn = 0, turns = 1;       // the first panel to compute is number `panels · turn / turns`; the order is cyclic
    bool is_input_remote = false;  // other threads have just written what it reads

    int start(int panels) const { return turn == 0 ? 0 : static_cast<int>(long(panels) * turn / turns); }
  };

  // Each returns whether it saw no overflow.
  bool run_by_rows(const MicroBatch<T>& batch, Team& team, int thread);
  bool run_by_columns(const MicroBatch<T>& batch, Team& team, int thread);
  bool prepare(const MicroBatch<T>& batch, int first_row, int last_row);
  bool forward(const MicroBatch<T>& batch, int i, const Region& region, int thread);
  bool output(const MicroBatch<T>& batch, int first_row, int last_row, int thread);
  bool backward(const MicroBatch<T>& batch, int i, const Region& region, int thread);
  bool front_backward(int first_row, int last_row) const;
  bool below_limit(const MicroBatch<T>& batch, const Buffer<T>& numbers, const Region& region) const;

  long pieces_of_rows(int rows, int threads) const;
  void gather(const MicroBatch<T>& batch, int first_row, int last_row);
  void gather_rows(const MicroBatch<T>& batch, const std::uint32_t* order, long first_example, long first_row,
                   long count);
  void draw_masks(const MicroBatch<T>& batch, int first_row, int last_row) const;
  Linear<T> product(const Region& region, const Buffer<T>& W, long K, int panels, const T* after) const;
  const T* first_read(const Region& region, const Buffer<T>& W, long K, int panels) const;
  int count() const { return static_cast<int>(network_.layers.size()); }
  int wide_count() const { return count() - network_.layers.back().is_thin; }
  int lowest() const { return network_.front.count() ? 1 : 2; }  // the lowest i whose backward() is needed

  const PanelNetwork<T>& network_;
  const Cost cost_;
  const std::vector<T> cost_parameters_;  // [m_r]
  Buffer<T> z_;                           // z[r] of a thin layer: [capacity / lanes][m][lanes]
  Buffer<T> y_;                           // like z_
  Buffer<T> example_weights_;             // [capacity]
  std::vector<Buffer<T>> scratch_;        // of each thread: [4][widest vector-valued layer][lanes]
};

extern template class ForwardBackward<float>;
extern template class ForwardBackward<double>;

}  // namespace chainrule
