#include "panels/panel_method.hpp"

#include <algorithm>
#include <cmath>

namespace chainrule {
namespace {

// While the optimizer's steps are made tile by tile nothing can be broken off: a gradient of more multiplications for each thread,
// some 0.1 s, is summed up first.
constexpr double most_products = 7e9;
constexpr long passes_to_a_look = 16;
constexpr long most_rows = 4096;  // of a block: a full batch of more rows goes in equal blocks

template <class T> long rows_of_a_block(long batch) {
  const long blocks = (batch + most_rows - 1) / most_rows;
  return (batch + blocks - 1) / blocks;
}

template <class T> long capacity(const ProblemSpec<T>& problem) {  // the validation set goes in blocks of the same room
  return std::max(rows_of_a_block<T>(problem.batch_size), std::min<long>(256, problem.validation.t));
}

}  // namespace

template <class T> PanelMethod<T>::PanelMethod(const ProblemSpec<T>& problem)
    : network_(problem.net, problem.cost, capacity(problem), problem.threads),
      cost_(problem.cost),
      block_rows_(rows_of_a_block<T>(problem.batch_size)),
      penalised_(problem.cost.l1 != 0 || problem.cost.l2 != 0),
      halves_(halves_pay()),
      flags_(problem.threads),
      constants_(problem.net.r()) {
  measure_data(problem);
  const int kept = moment_count(problem.optimizer.optimizer);
  for (int k = 0; k < kept; ++k) {
    front_moments_[k] = Buffer<T>(network_.front.size());
    for (const Layer& layer : network_.layers) moments_[k].push_back(room_like(layer));
  }
  front_sums_ = Buffer<T>(network_.front.size());
  if (problem.optimizer.clip_norm < std::numeric_limits<double>::infinity() || block_rows_ < problem.batch_size ||
      halves_)
    make_room_for_sums();
  sparse_.resize(network_.layers.size());
  make_blocks();
  cuts_.reserve(problem.threads + 1), other_cuts_.reserve(problem.threads + 1);
  set_thread_count(problem.threads);
  norm2_.resize(blocks_.size());
  penalties_.resize(2 * blocks_.size());
}

template <class T> typename PanelMethod<T>::Numbers PanelMethod<T>::room_like(const Layer& layer) const {
  return {{Buffer<T>(count(layer, Part::W)), Buffer<T>(count(layer, Part::b)), Buffer<T>(count(layer, Part::kappa))}};
}

template <class T> long PanelMethod<T>::count(const Layer& layer, Part part) const {
  if (part == Part::W) return layer.packed() * network_.R;
  return part == Part::b || layer.kappa ? long(layer.panels_out) * network_.R : 0;
}

template <class T> void PanelMethod<T>::make_room_for_sums() {
  if (!sums_.empty()) return;
  for (const auto& layer : network_.layers) sums_.push_back(room_like(layer));
  point_blocks();
}

template <class T> bool PanelMethod<T>::calm() const {
  return std::all_of(flags_.begin(), flags_.end(), [](const Flag& flag) { return flag.calm; });
}

// Before a barrier after which there may be a pass
template <class T> void PanelMethod<T>::look_for_zeros(long rows) {
  if (passes_++ % passes_to_a_look == 0) network_.look_for_zeros(rows);
}

template <class T> void PanelMethod<T>::put(const T* theta, const std::array<const T*, 2>& moments) {
  long numbers = 0;
  for (const Layer& layer : network_.layers) numbers += layer.packed() * network_.R;
  const int threads = numbers < least_parallel_copy ? 1 : static_cast<int>(flags_.size());
  WorkQueue pieces(threads);
  pieces.assign_evenly(network_.put_pieces());
  run_threads(threads, [&](int thread) {
    for (long k; (k = pieces.take(thread)) >= 0;) network_.put(theta, k);
  });
  const auto& kernels = network_.kernels;
  for (int k = 0; k < 2; ++k) {
    if (!moments[k] || moments_[k].empty()) continue;
    network_.front.read(moments[k], front_moments_[k].get());
    for (std::size_t l = 0; l < network_.layers.size(); ++l) {
      const auto& layer = network_.layers[l];
      const Numbers& moment = moments_[k][l];
      const T* const from = moments[k] + layer.theta;
      (layer.thin ? kernels.pack_transposed : kernels.pack)(network_.matrix(layer, from), layer.m, layer.n,
                                                            moment.of[0].get());
      std::copy_n(from + layer.entries, layer.m, moment.of[1].get());
      if (layer.kappa) std::copy_n(from + layer.entries + layer.m, layer.m, moment.of[2].get());
    }
  }
  if (penalised_) measure_penalty();
  measure_reach();
}

template <class T> void PanelMethod<T>::get(T* theta, const std::array<T*, 2>& moments, int thread, int threads) const {
  if (theta) network_.get(theta, thread, threads);
  for (int k = 0; k < 2; ++k) {
    if (!moments[k] || moments_[k].empty()) continue;
    if (thread == 0) network_.front.write(front_moments_[k].get(), moments[k]);
    for (std::size_t l = 0; l < network_.layers.size(); ++l) {
      const Numbers& moment = moments_[k][l];
      network_.unpack(network_.layers[l], moment.of[0].get(), nullptr, moment.of[1].get(), moment.of[2].get(),
                      moments[k], thread, threads);
    }
  }
}

template <class T> void PanelMethod<T>::finish() {
  network_.keep_theta_alone();
  sums_.clear(), kept_.clear();
}

template <class T> Outcome PanelMethod<T>::step(const Step<T>& step, Team& team, int thread) {
  const long blocks = (step.rows + block_rows_ - 1) / block_rows_;
  const bool clips = step.clip_norm < std::numeric_limits<double>::infinity();
  const GradientEpilogue<T> fused = {.constants = step.constants,
                                     .should_update = true,
                                     .squared_norm = step.measures_gradient_norm ? &norm2_[0] : nullptr,
                                     .penalty_norms = penalised_ ? &penalties_[0] : nullptr};
  // Before the first barrier: after it, the others are free to move W and what is known of it.
  if (thread == 0) block_J_ = penalty(step);
  if (thread == 0)
    safe_ = blocks == 1 && !clips && x_reach_ <= network_.moderate_limit() &&
            double(step.rows) * work_.back() * network_.R <= most_products * team.count &&
            stays_finite(step, network_.moderate_gradient());
  if (thread == 0) look_ahead(step);
  if (thread == 0) choose_sums(true);
  Flag& flag = flags_[thread];
  long first = 0;
  for (long b = 0; b < blocks; ++b) {
    const long end = step.rows * (b + 1) / blocks;
    const Block<T> block = {step.set,
                            step.order ? step.order + first : nullptr,
                            step.first + first,
                            static_cast<int>(end - first),
                            step.scale,
                            true,
                            step.key,
                            step.dropout,
                            first,
                            step.rows,
                            flag.foreseen};
    flag.calm = network_.run(block, team, thread);
    team.barrier.wait();
    if (team.is_stopping()) return Outcome::aborted;
    if (thread == 0) block_J_ += ordered_sum(network_.losses.get(), block.rows);
    if (safe_ && calm()) {
      if (thread == 0) this->measured.J = block_J_;
      flag.foreseen = calm_ahead_;
      weights(fused, block.rows, team, thread);
      if (thread == 0) look_for_zeros(block.rows);
      team.barrier.wait();
      if (thread == 0 && step.measures_gradient_norm)
        this->measured.gradient_norm = std::sqrt(ordered_sum(norm2_.data(), norm2_.size()));
      return Outcome::done;
    }
    // Otherwise the gradient is summed up first, and looked at before θ moves.
    flag.foreseen = false;
    if (b == 0 && thread == 0) make_room_for_sums();
    if (thread == 0) choose_sums(calm());
    team.barrier.wait();
    const bool is_last = b + 1 == blocks;
    weights({.constants = step.constants,
             .should_accumulate = b > 0,
             .is_complete = is_last,
             .squared_norm = is_last ? &norm2_[0] : nullptr},
            block.rows, team, thread);
    if (thread == 0) look_for_zeros(block.rows);
    team.barrier.wait();
    first = end;
  }
  if (thread == 0) decision_ = team.is_stopping() ? Outcome::aborted : decide(step);
  team.barrier.wait();
  if (decision_ == Outcome::done) {
    GradientEpilogue<T> epilogue = fused;
    epilogue.constants = constants_.data();
    apply(epilogue, team, thread);
    team.barrier.wait();
    if (keeps_) {
      if (thread == 0 && !theta_is_finite()) {
        restore();
        decision_ = Outcome::diverged;
      }
      team.barrier.wait();
    }
  }
  return decision_;
}

template <class T>
void PanelMethod<T>::gradient(const Step<T>& step, T* gradient, T* const* deltas, Team& team, int thread) {
  const long blocks = (step.rows + block_rows_ - 1) / block_rows_;
  const int R = network_.R;
  if (thread == 0) make_room_for_sums();
  long first = 0;
  for (long b = 0; b < blocks; ++b) {
    const long end = step.rows * (b + 1) / blocks;
    const int rows = static_cast<int>(end - first);
    flags_[thread].calm =
        network_.run({step.set, nullptr, first, rows, step.scale, true, 0, nullptr, first, step.rows}, team, thread);
    team.barrier.wait();
    if (thread == 0) block_J_ = (b == 0 ? penalty(step) : block_J_) + ordered_sum(network_.losses.get(), rows);
    if (thread == 0) choose_sums(calm());
    team.barrier.wait();
    weights({.constants = step.constants, .should_accumulate = b > 0, .is_complete = b + 1 == blocks}, rows, team,
            thread);
    const int f = network_.front.count();
    for (int l = 0; l < f; ++l) {
      const auto& layer = network_.front.layers[l];
      for (long r = long(rows) * thread / team.count; r < long(rows) * (thread + 1) / team.count; ++r)
        for (long j = 0; j < layer.m; ++j)
          deltas[l][(first + r) * layer.m + j] = layer.delta[j * network_.front.pitch + r];
    }
    for (std::size_t l = 0; l < network_.layers.size(); ++l) {
      const auto& layer = network_.layers[l];
      for (int r = rows * thread / team.count; r < rows * (thread + 1) / team.count; ++r)
        for (int p = 0; p < layer.panels_out; ++p)
          std::copy_n(layer.delta.get() + p * network_.stride() + long(r) * R, std::min<long>(R, layer.m - long(p) * R),
                      deltas[f + l] + (first + r) * layer.m + long(p) * R);
    }
    if (thread == 0) look_for_zeros(rows);
    team.barrier.wait();
    first = end;
  }
  if (thread != 0) return;
  this->measured.J = block_J_;
  network_.front.write(front_sums_.get(), gradient);
  for (std::size_t l = 0; l < network_.layers.size(); ++l)
    network_.unpack(network_.layers[l], sums_[l].of[0].get(), nullptr, sums_[l].of[1].get(), sums_[l].of[2].get(),
                    gradient, 0, 1);
}

template <class T> Outcome PanelMethod<T>::decide(const Step<T>& step) {
  const T most = std::numeric_limits<T>::max();
  bool finite = std::isfinite(block_J_) && network_.kernels.largest(front_sums_.get(), network_.front.size()) <= most;
  for (std::size_t l = 0; finite && l < sums_.size(); ++l)
    for (int k = 0; k < parts; ++k)
      finite &= network_.kernels.largest(sums_[l].of[k].get(), count(network_.layers[l], Part(k))) <= most;
  if (!finite) return Outcome::diverged;
  const double norm = std::sqrt(ordered_sum(norm2_.data(), norm2_.size()));
  this->measured = {block_J_, norm};
  std::copy_n(step.constants, constants_.size(), constants_.begin());
  if (norm > step.clip_norm)
    for (auto& constants : constants_) constants.gradient_scale = static_cast<T>(step.clip_norm / norm);
  keeps_ = !stays_finite(step, std::min(norm, step.clip_norm) * (1 + 1e-3));
  if (keeps_) keep();
  return Outcome::done;
}

template <class T> double PanelMethod<T>::losses(const TrainingSet<T>& set, double scale, Team& team, int thread) {
  double total = 0;
  for (long first = 0; first < set.t; first += network_.capacity) {
    const int rows = static_cast<int>(std::min(network_.capacity, set.t - first));
    network_.run({&set, nullptr, first, rows, scale, false, 0, nullptr, 0, rows}, team, thread);
    team.barrier.wait();
    if (team.is_stopping()) return std::numeric_limits<double>::quiet_NaN();
    if (thread == 0) total += ordered_sum(network_.losses.get(), rows);
    team.barrier.wait();
  }
  return total;
}

template class PanelMethod<float>;
template class PanelMethod<double>;

}  // namespace chainrule
