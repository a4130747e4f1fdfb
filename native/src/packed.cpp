#include "packed.hpp"

#include <algorithm>
#include <cmath>

namespace chainrule {
namespace {

// While the optimizer's steps are made tile by tile nothing can be broken off: a gradient of more multiplications for each thread,
// some 0.1 s, is summed up first.
constexpr double most_products = 7e9;
constexpr long most_rows = 4096;  // of a block: a full batch of more rows goes in equal blocks

template <class T> long rows_of_a_block(long batch) {
  const long blocks = (batch + most_rows - 1) / most_rows;
  return (batch + blocks - 1) / blocks;
}

template <class T> long capacity(const ProblemSpec<T>& problem) {  // the validation set goes in blocks of the same room
  return std::max(rows_of_a_block<T>(problem.batch_size), std::min<long>(256, problem.validation.t));
}

}  // namespace

template <class T> Packed<T>::Packed(const ProblemSpec<T>& problem)
    : network_(problem.net, problem.cost, capacity(problem), problem.threads),
      cost_(problem.cost),
      block_rows_(rows_of_a_block<T>(problem.batch_size)),
      penalised_(problem.cost.l1 != 0 || problem.cost.l2 != 0),
      flags_(problem.threads),
      constants_(problem.net.r()) {
  measure_data(problem);
  const int R = network_.R, kept = moments(problem.optimizer.optimizer);
  work_.push_back(0);
  const auto add = [&](const Piece& piece, double lines) {
    pieces_.push_back(piece);
    work_.push_back(work_.back() + lines);
  };
  const Front<T>& front = network_.front;
  for (int k = 0; k < kept; ++k) front_moments_[k] = Buffer<T>(front.size());
  front_sums_ = Buffer<T>(front.size());
  for (int p = 0; p < int(front.pieces.size()); ++p)
    add({-1, p, 0}, double(front.pieces[p].count[0] + 2 * front.pieces[p].count[1]) / network_.lanes);
  for (int l = 0; l < int(network_.layers.size()); ++l) {
    const auto& layer = network_.layers[l];
    for (int k = 0; k < kept; ++k) moments_[k].push_back(room_like(layer));
    // One panel of W after the other: those, and their deltas, then mostly stay with one thread (B, C 2 %). Where the inputs of all
    // do not stay in L2 meanwhile, in groups of output panels whose deltas stay there while the inputs pass by.
    const int panels = layer.thin ? 1 : layer.panels_out;
    const long cached = std::max<long>(1, (1 << 20) / (network_.capacity * R * long(sizeof(T))));
    const bool in_turn = network_.by_columns() || layer.panels_in <= cached;
    const int group = in_turn ? 1 : static_cast<int>(std::min<long>(cached, panels));
    for (int g = 0; g < panels; g += group)
      for (int q = 0; q < layer.panels_in; ++q)
        for (int p = g; p < std::min(panels, g + group); ++p)
          add({l, p, q}, layer.thin ? layer.m : std::min<long>(R, layer.n - long(q) * R) + (q == 0));
  }
  cuts_.reserve(problem.threads + 1);
  share_out(problem.threads);
  norm2_.resize(pieces_.size());
  penalties_.resize(2 * pieces_.size());
  if (problem.optimizer.clip_norm < std::numeric_limits<double>::infinity() || block_rows_ < problem.batch_size)
    make_room_for_sums();
}

template <class T> void Packed<T>::share_out(int threads) {
  cuts_.assign(1, 0);
  for (std::size_t k = 0; k < pieces_.size(); ++k)
    while (int(cuts_.size()) < threads && work_[k] >= work_.back() * double(cuts_.size()) / threads - 1e-9)
      cuts_.push_back(static_cast<long>(k));
  cuts_.resize(threads + 1, static_cast<long>(pieces_.size()));
  for (Flag& flag : flags_) flag = {true};  // those of threads that have nothing to do stay calm
}

template <class T> typename Packed<T>::Numbers Packed<T>::room_like(const Layer& layer) const {
  return {{Buffer<T>(count(layer, Part::W)), Buffer<T>(count(layer, Part::b)), Buffer<T>(count(layer, Part::kappa))}};
}

template <class T> long Packed<T>::count(const Layer& layer, Part part) const {
  if (part == Part::W) return layer.packed() * network_.R;
  return part == Part::b || layer.kappa ? long(layer.panels_out) * network_.R : 0;
}

template <class T> void Packed<T>::make_room_for_sums() {
  if (!sums_.empty()) return;
  for (const auto& layer : network_.layers) sums_.push_back(room_like(layer));
}

template <class T> void Packed<T>::put(const T* theta, const std::array<const T*, 2>& moments) {
  long numbers = 0;
  for (const Layer& layer : network_.layers) numbers += layer.packed() * network_.R;
  const int threads = numbers < many_numbers ? 1 : static_cast<int>(flags_.size());
  Shares pieces(threads);
  pieces.hand_out(network_.put_pieces());
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

template <class T> void Packed<T>::get(T* theta, const std::array<T*, 2>& moments, int thread, int threads) const {
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

template <class T> void Packed<T>::finish() {
  network_.keep_theta_alone();
  sums_.clear(), kept_.clear();
}

template <class T> int Packed<T>::place(const Piece& piece) const {
  const Front<T>& front = network_.front;
  return piece.layer < 0 ? front.pieces[piece.p].layer : front.count() + piece.layer;
}

template <class T> WeightBlock<T> Packed<T>::weight_block(const Piece& piece, long rows) const {
  const auto& layer = network_.layers[piece.layer];
  const long R = network_.R, panel = network_.stride();
  const T* const a = network_.input_of(piece.layer + 1) + piece.q * panel;
  WeightBlock<T> block{};
  block.rows = rows;
  long at;
  if (layer.thin) {
    block.A = layer.delta.get(), block.B = a;
    block.height = static_cast<int>(layer.m);
    block.width = static_cast<int>(std::min(R, layer.n - piece.q * R));
    at = piece.q * layer.m * R;
  } else {
    block.A = a, block.B = layer.delta.get() + piece.p * panel;
    block.height = static_cast<int>(std::min(R, layer.n - piece.q * R));
    block.width = static_cast<int>(std::min(R, layer.m - piece.p * R));
    if (layer.Wt) block.transposed = layer.Wt.get() + (piece.q * layer.m + piece.p * R) * R;
    at = (piece.p * layer.n + piece.q * R) * R;
  }
  if (layer.keep) block.keep = layer.keep.get() + at;
  block.parameters = parameters(piece, Part::W, layer.weights(), at);
  if (!sums_.empty()) block.sum = sums_[piece.layer].of[int(Part::W)].get() + at;
  return block;
}

// Numbers of a layer from the one at `at` on, beside their moments
template <class T> Parameters<T> Packed<T>::parameters(const Piece& piece, Part part, T* numbers, long at) const {
  Parameters<T> parameters{numbers + at, {}};
  for (int k = 0; k < 2; ++k)
    if (!moments_[k].empty()) parameters.moment[k] = moments_[k][piece.layer].of[int(part)].get() + at;
  return parameters;
}

template <class T> BiasBlock<T> Packed<T>::bias_block(const Piece& piece, Part part, long rows) const {
  const auto& layer = network_.layers[piece.layer];
  const bool is_b = part == Part::b;
  const long at = long(piece.p) * network_.R;
  return {(is_b ? layer.delta : layer.kappa_delta).get() + piece.p * network_.stride(), rows,
          parameters(piece, part, (is_b ? layer.b : layer.kappa).get(), at),
          sums_.empty() ? nullptr : sums_[piece.layer].of[int(part)].get() + at, part};
}

template <class T> UnitGradient<T> Packed<T>::unit_gradient(const Piece& piece, long rows) const {
  const Front<T>& front = network_.front;
  const auto& part_of_front = front.pieces[piece.p];
  UnitGradient<T> gradient{};
  gradient.rows = rows;
  for (int k = 0; k < parts; ++k) {
    if (!part_of_front.count[k]) continue;
    const long at = part_of_front.place[k];
    gradient.count[k] = front.padded(part_of_front.count[k]);
    gradient.sum[k] = front_sums_.get() + at;
    gradient.parameters[k].theta = front.theta.get() + at;
    for (int i = 0; i < 2; ++i)
      if (front_moments_[i]) gradient.parameters[k].moment[i] = front_moments_[i].get() + at;
  }
  return gradient;
}

// This thread's share of ∂J/∂θ, and what the epilogue makes of it.
template <class T> void Packed<T>::weights(const Epilogue<T>& wanted, long rows, Team& team, int thread) {
  team.share(thread, cuts_[thread], cuts_[thread + 1], [&](long k) {
    const Piece& piece = pieces_[k];
    if (!wanted.update) team.poll(thread);
    Epilogue<T> epilogue = wanted;
    epilogue.step += place(piece);
    if (wanted.norm2) norm2_[k] = 0, epilogue.norm2 = &norm2_[k];
    if (wanted.penalty) penalties_[2 * k] = penalties_[2 * k + 1] = 0, epilogue.penalty = &penalties_[2 * k];
    if (piece.layer < 0) {
      const Front<T>& front = network_.front;
      const auto& blocks = front.pieces[piece.p];
      network_.kernels.units_gradient(front.blocks(blocks), front.layer(blocks.layer, 0, rows, true),
                                      unit_gradient(piece, rows), epilogue);
      return;
    }
    WeightBlock<T> block = weight_block(piece, rows);
    block.shared = team.count > 1;
    if (k + 1 < long(pieces_.size())) {  // the front's pieces all come first
      const Piece& coming = pieces_[k + 1];
      const WeightBlock<T> next = weight_block(coming, rows);
      block.next = next.parameters;
      // Of its two panels the one that this thread has not had lately: another core may have written it, or it has left L2 (B, D 3 %).
      const bool inputs = coming.q > piece.q && !network_.layers[coming.layer].thin;
      block.ahead = inputs ? next.A : next.B;
    }
    network_.kernels.weight_block(block, epilogue);
    if (piece.q != 0) return;
    network_.kernels.bias_block(bias_block(piece, Part::b, rows), epilogue);
    if (network_.layers[piece.layer].kappa) network_.kernels.bias_block(bias_block(piece, Part::kappa, rows), epilogue);
  });
}

// The step along the stored gradient.
template <class T> void Packed<T>::apply(const Epilogue<T>& wanted, Team& team, int thread) {
  const long R = network_.R;
  const auto& kernels = network_.kernels;
  team.share(thread, cuts_[thread], cuts_[thread + 1], [&](long k) {
    const Piece& piece = pieces_[k];
    Epilogue<T> epilogue = wanted;
    epilogue.step += place(piece);
    if (wanted.penalty) penalties_[2 * k] = penalties_[2 * k + 1] = 0, epilogue.penalty = &penalties_[2 * k];
    if (piece.layer < 0) {
      const UnitGradient<T> g = unit_gradient(piece, 0);
      for (int i = 0; i < parts; ++i)
        if (g.sum[i]) kernels.apply(g.sum[i], g.count[i], g.parameters[i], epilogue, Part(i));
      return;
    }
    const WeightBlock<T> block = weight_block(piece, 0);
    kernels.apply(block.sum, block.height * R, block.parameters, epilogue, Part::W);
    if (block.transposed) kernels.transpose_block(block.parameters.theta, block.height, block.width, block.transposed);
    if (piece.q != 0) return;
    for (const Part part : {Part::b, Part::kappa}) {
      if (part == Part::kappa && !network_.layers[piece.layer].kappa) continue;
      const BiasBlock<T> units = bias_block(piece, part, 0);
      kernels.apply(units.sum, R, units.parameters, epilogue, part);
    }
  });
}

template <class T> void Packed<T>::measure_penalty() {
  for (std::size_t k = 0; k < pieces_.size(); ++k) {
    const bool front = pieces_[k].layer < 0;
    const UnitGradient<T> units = front ? unit_gradient(pieces_[k], 0) : UnitGradient<T>{};
    const WeightBlock<T> block = front ? WeightBlock<T>{} : weight_block(pieces_[k], 0);
    const T* const W = (front ? units.parameters[int(Part::W)] : block.parameters).theta;
    penalties_[2 * k] = penalties_[2 * k + 1] = 0;
    network_.kernels.add_norms(W, front ? units.count[int(Part::W)] : block.height * long(network_.R),
                               &penalties_[2 * k]);
  }
}

template <class T> double Packed<T>::penalty(const Step<T>& step) const {
  if (!penalised_) return 0;
  double l1 = 0, l2 = 0;
  for (std::size_t k = 0; k < pieces_.size(); ++k) l1 += penalties_[2 * k], l2 += penalties_[2 * k + 1];
  return step.l1 * l1 + 0.5 * step.l2 * l2;
}

template <class T> Outcome Packed<T>::step(const Step<T>& step, Team& team, int thread) {
  const long blocks = (step.rows + block_rows_ - 1) / block_rows_;
  const bool clips = step.clip_norm < std::numeric_limits<double>::infinity();
  const Epilogue<T> fused = {
      step.constants, false, true, true, step.measure ? &norm2_[0] : nullptr, penalised_ ? &penalties_[0] : nullptr};
  // Before the first barrier: after it, the others are free to move W and what is known of it.
  if (thread == 0) block_J_ = penalty(step);
  if (thread == 0)
    safe_ = blocks == 1 && !clips && x_reach_ <= network_.moderate_limit() &&
            double(step.rows) * work_.back() * network_.R <= most_products * team.count &&
            stays_finite(step, network_.moderate_gradient());
  if (thread == 0) look_ahead(step);
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
    if (team.stopping()) return Outcome::aborted;
    if (thread == 0) block_J_ += ordered_sum(network_.losses.get(), block.rows);
    if (safe_ && std::all_of(flags_.begin(), flags_.end(), [](const Flag& flag) { return flag.calm; })) {
      if (thread == 0) this->measured.J = block_J_;
      flag.foreseen = calm_ahead_;
      weights(fused, block.rows, team, thread);
      team.barrier.wait();
      if (thread == 0 && step.measure)
        this->measured.gradient_norm = std::sqrt(ordered_sum(norm2_.data(), norm2_.size()));
      return Outcome::done;
    }
    // Otherwise the gradient is summed up first, and looked at before θ moves.
    flag.foreseen = false;
    if (b == 0 && thread == 0) make_room_for_sums();
    team.barrier.wait();
    weights({step.constants, b > 0, b + 1 == blocks, false, b + 1 == blocks ? &norm2_[0] : nullptr, nullptr},
            block.rows, team, thread);
    team.barrier.wait();
    first = end;
  }
  if (thread == 0) decision_ = team.stopping() ? Outcome::aborted : decide(step);
  team.barrier.wait();
  if (decision_ == Outcome::done) {
    Epilogue<T> epilogue = fused;
    epilogue.step = constants_.data();
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
void Packed<T>::gradient(const Step<T>& step, T* gradient, T* const* deltas, Team& team, int thread) {
  const long blocks = (step.rows + block_rows_ - 1) / block_rows_;
  const int R = network_.R;
  if (thread == 0) make_room_for_sums();
  long first = 0;
  for (long b = 0; b < blocks; ++b) {
    const long end = step.rows * (b + 1) / blocks;
    const int rows = static_cast<int>(end - first);
    network_.run({step.set, nullptr, first, rows, step.scale, true, 0, nullptr, first, step.rows}, team, thread);
    team.barrier.wait();
    if (thread == 0) block_J_ = (b == 0 ? penalty(step) : block_J_) + ordered_sum(network_.losses.get(), rows);
    weights({step.constants, b > 0, b + 1 == blocks, false, nullptr, nullptr}, rows, team, thread);
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

template <class T> Outcome Packed<T>::decide(const Step<T>& step) {
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
    for (auto& constants : constants_) constants.scale = static_cast<T>(step.clip_norm / norm);
  keeps_ = !stays_finite(step, std::min(norm, step.clip_norm) * (1 + 1e-3));
  if (keeps_) keep();
  return Outcome::done;
}

template <class T> double Packed<T>::losses(const TrainingSet<T>& set, double scale, Team& team, int thread) {
  double total = 0;
  for (long first = 0; first < set.t; first += network_.capacity) {
    const int rows = static_cast<int>(std::min(network_.capacity, set.t - first));
    network_.run({&set, nullptr, first, rows, scale, false, 0, nullptr, 0, rows}, team, thread);
    team.barrier.wait();
    if (team.stopping()) return std::numeric_limits<double>::quiet_NaN();
    if (thread == 0) total += ordered_sum(network_.losses.get(), rows);
    team.barrier.wait();
  }
  return total;
}

template class Packed<float>;
template class Packed<double>;

}  // namespace chainrule
