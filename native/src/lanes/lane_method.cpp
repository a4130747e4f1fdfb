#include "lanes/lane_method.hpp"

#include <algorithm>

namespace chainrule {
namespace {

constexpr int max_chunks = 16;  // more threads than that have nothing to do
constexpr long max_width = 32, max_d = 1200;
constexpr long most_bytes = 16 << 20;  // of a full batch that is kept across the lanes; larger ones are not copied
constexpr long most_groups_between_polls = 64;  // of a chunk

// The beginning of part k of `parts` nearly equal ones
long cut(long total, long k, long parts) { return total * k / parts; }

}  // namespace

template <class T> bool LaneMethod<T>::suits(const NetworkSpec& net) {
  for (const LayerSpec& layer : net.layers)
    if (layer.has_factors() || layer.is_parametric || !layer.is_dense()) return false;
  return *std::max_element(net.m.begin(), net.m.end()) <= max_width && net.d() <= max_d;
}

template <class T> LaneMethod<T>::LaneMethod(const ProblemSpec<T>& problem)
    : kernels_(kernel_set().kernels<T>()),
      lanes_(kernels_.lanes),
      n_(problem.net.m.front()),
      m_(problem.net.m.back()),
      cost_(problem.cost.cost),
      cost_parameters_(problem.cost.template parameters_of<T>(m_)),
      parameters_(problem.net, problem.optimizer.optimizer, kernels_),
      keeps_batch_(problem.is_full_batch() && problem.data.t * (n_ + m_ + 1) * long(sizeof(T)) <= most_bytes),
      sums_(max_chunks * parameters_.d * lanes_),
      chunk_losses_(max_chunks * lanes_) {
  for (int t = 0; t < problem.threads; ++t) add_workspace(problem.net);
  if (keeps_batch_) {
    const long rows = (problem.batch_size + lanes_ - 1) / lanes_ * lanes_;
    batch_ = {.x = Buffer<T>(n_ * rows), .y = Buffer<T>(m_ * rows), .example_weights = Buffer<T>(rows)};
  }
  const long rows_of_group = lanes_ * kernels_.lane.group_vectors;
  validation_losses_.resize((problem.validation.t + rows_of_group - 1) / rows_of_group);
}

template <class T> void LaneMethod<T>::add_workspace(const NetworkSpec& net) {
  Workspace& space = workspaces_.emplace_back();
  const long row = long(max_group_vectors) * lanes_;  // numbers of a feature in a group
  const auto memory = [&](long count) { return space.memory.emplace_back(count).get(); };
  long offset = 0;
  for (int i = 1; i <= net.r(); ++i) {
    const LayerSpec& spec = net.layers[i - 1];
    const long n = net.m[i - 1], m = net.m[i];
    const bool needs_saved =
        spec.has_dropout() || !is_entrywise(spec.sigma) || derivative_needs_z(spec.sigma, spec.parameter);
    const T* const W = parameters_.theta.get() + offset;
    space.layers.push_back({.n = static_cast<int>(n),
                            .m = static_cast<int>(m),
                            .sigma = spec.sigma,
                            .parameter = static_cast<T>(spec.parameter),
                            .W = W,
                            .b = W + m * n,
                            .theta_offset = offset,
                            .a = memory(m * row),
                            .saved = needs_saved ? memory(m * row) : nullptr,
                            .mask = spec.has_dropout() ? memory(m * row) : nullptr,
                            .delta = memory(m * row)});
    offset += net.size(i);
  }
  space.examples = {.x = Buffer<T>(n_ * row), .y = Buffer<T>(m_ * row), .example_weights = Buffer<T>(row)};
  const long widest = *std::max_element(net.m.begin(), net.m.end());
  space.scratch = Buffer<T>(4 * widest * lanes_);
}

template <class T> void LaneMethod<T>::finish() {
  batch_ = {};
  sums_ = {};
  workspaces_.clear();
}

template <class T> void LaneMethod<T>::put(const T* theta, const std::array<const T*, 2>& moments) {
  parameters_.put(theta, moments);
}

template <class T> void LaneMethod<T>::get(T* theta, const std::array<T*, 2>& moments, int thread, int) const {
  if (thread == 0) parameters_.get(theta, moments);  // a few hundred numbers
}

// Gathers rows first_row, first_row + 1, … of a batch; lanes after its last row hold its first example with weight 0.
template <class T>
void LaneMethod<T>::gather(const Batch& batch, long first_row, int vectors, const Examples& to) const {
  const TrainingSet<T>& set = *batch.set;
  const long count = long(vectors) * lanes_, inside = std::min(count, batch.rows - first_row);
  const auto gather_rows = [&](const T* matrix, long n, T* units) {
    kernels_.layout.gather_units({.X = matrix,
                                  .n = n,
                                  .order = batch.order ? batch.order + first_row : nullptr,
                                  .first_example = batch.first + first_row,
                                  .first_row = 0,
                                  .count = inside,
                                  .known = batch.known - first_row},
                                 units, count);
    const long first = batch.order ? batch.order[0] : batch.first;
    for (long k = 0; k < n && inside < count; ++k)
      std::fill(units + k * count + inside, units + (k + 1) * count, matrix[first * n + k]);
  };
  gather_rows(set.X, n_, to.x);
  gather_rows(set.Y, m_, to.y);
  std::fill_n(to.example_weights, inside, static_cast<T>(batch.scale));
  std::fill_n(to.example_weights + inside, count - inside, T(0));
  for (long i = 0; set.weights && i < inside; ++i) {
    const long row = first_row + i, example = batch.order ? batch.order[row] : batch.first + row;
    to.example_weights[i] = static_cast<T>(batch.scale * double(set.weights[example]));
  }
}

// Returns a group whose losses are wanted.
template <class T>
LaneGroup<T> LaneMethod<T>::group(const Workspace& workspace, const Examples& examples, int vectors) const {
  LaneGroup<T> g{};
  g.r = static_cast<int>(workspace.layers.size());
  g.layers = workspace.layers.data();
  g.vectors = vectors;
  g.x = examples.x;
  g.y = examples.y;
  g.example_weights = examples.example_weights;
  g.cost = cost_;
  g.cost_parameters = cost_parameters_.data();
  g.scratch = workspace.scratch.get();
  return g;
}

template <class T> Outcome LaneMethod<T>::step(const Step<T>& step, Team& team, int thread) {
  const long vectors = (step.rows + lanes_ - 1) / lanes_;
  const long groups = (vectors + kernels_.lane.group_vectors - 1) / kernels_.lane.group_vectors;
  const int chunks = static_cast<int>(std::min<long>(groups, max_chunks));
  const Division division{.vectors = vectors, .groups = groups, .chunks = chunks};
  team.for_each_piece(thread, chunks, [&](long chunk) { sum_chunk(step, division, chunk, team, thread); });
  team.barrier.wait();
  if (team.is_stopping()) return Outcome::aborted;
  const long d = parameters_.d, parts_of_d = parameters_.padded_d / lanes_;
  kernels_.lane.reduce(sums_.get(), d * lanes_, chunks, cut(parts_of_d, thread, team.count) * lanes_,
                       std::min(d, cut(parts_of_d, thread + 1, team.count) * lanes_), parameters_.gradient.get());
  team.barrier.wait();
  if (thread == 0) {
    has_gathered_batch_ = true;
    double J = 0;
    for (int k = 0; k < chunks * lanes_; ++k) J += chunk_losses_[k];
    decision_ = parameters_.update(step, J, this->measured);
  }
  team.barrier.wait();
  return decision_;
}

// Sums the gradient and the losses over the groups of one chunk.
template <class T>
void LaneMethod<T>::sum_chunk(const Step<T>& step, const Division& of, long chunk, Team& team, int thread) {
  const Workspace& workspace = workspaces_[thread];
  const Batch batch{.set = step.set,
                    .order = step.order,
                    .first = step.first,
                    .rows = step.rows,
                    .known = step.known,
                    .scale = step.scale};
  const long first_group = cut(of.groups, chunk, of.chunks), last_group = cut(of.groups, chunk + 1, of.chunks);
  for (long k = first_group; k < last_group; ++k) {
    const long first_vector = cut(of.vectors, k, of.groups), row = first_vector * lanes_;
    const Examples examples = keeps_batch_ ? batch_.from(row, n_, m_) : workspace.examples.from(0, n_, m_);
    LaneGroup<T> g = group(workspace, examples, static_cast<int>(cut(of.vectors, k + 1, of.groups) - first_vector));
    if (!keeps_batch_ || !has_gathered_batch_) gather(batch, row, g.vectors, examples);
    g.is_training = true;
    g.is_first = k == first_group;
    g.sums = sums_.get() + chunk * parameters_.d * lanes_;
    g.loss = chunk_losses_.get() + chunk * lanes_;
    g.dropout = {.p = step.dropout,
                 .key = step.key,
                 .first_row = static_cast<unsigned long long>(row),
                 .step_rows = static_cast<unsigned long long>(step.rows)};
    kernels_.lane.group(g);
  }
  if (last_group - first_group > most_groups_between_polls) team.poll(thread);
}

template <class T> double LaneMethod<T>::losses(const TrainingSet<T>& set, double scale, Team& team, int thread) {
  const long rows_of_group = long(lanes_) * kernels_.lane.group_vectors,
             groups = (set.t + rows_of_group - 1) / rows_of_group;
  const Batch all{.set = &set, .order = set.places, .first = 0, .rows = set.t, .known = set.t, .scale = scale};
  const Workspace& workspace = workspaces_[thread];
  team.for_each_piece(thread, groups, [&](long k) {
    const long row = k * rows_of_group, vectors = (std::min(rows_of_group, set.t - row) + lanes_ - 1) / lanes_;
    const Examples examples = workspace.examples.from(0, n_, m_);
    LaneGroup<T> g = group(workspace, examples, static_cast<int>(vectors));
    gather(all, row, g.vectors, examples);
    alignas(64) T loss[max_lanes];
    g.loss = loss;
    g.is_first = true;
    kernels_.lane.group(g);
    validation_losses_[k] = 0;
    for (int i = 0; i < lanes_; ++i) validation_losses_[k] += loss[i];
  });
  team.barrier.wait();
  const double total = ordered_sum(validation_losses_.data(), groups);
  team.barrier.wait();
  return total;
}

template class LaneMethod<float>;
template class LaneMethod<double>;

}  // namespace chainrule
