// Networks trained in one bundle get the bits that each gets alone, with the kernel set that CHAINRULE_KERNELS forces:
// every optimizer, σ and cost of lanes, with minibatches, rates, penalties, clipping and examples of their own, in any
// slices; also when one of them diverges.
#include "bundles/bundle.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "check.hpp"
#include "support/problems.hpp"

namespace {

using namespace chainrule;
using namespace chainrule::tests;

const Shape narrow[] = {
    {"sums", {5, 3, 2, 1}, {{Sigma::sigmoid}, {Sigma::tanh}, {Sigma::identity}}, {}, 41, 1},
    {"means", {2, 8, 1}, {{Sigma::relu}, {Sigma::sigmoid}}, {Cost::log_likelihood, {0}, Mean::losses}, 41, 1},
    {"vectors",
     {4, 17, 9, 3},
     {{Sigma::gelu}, {Sigma::layer_norm, 1e-5}, {Sigma::softmax}},
     {Cost::cross_entropy, {0.1}, Mean::losses, 0.01, 0.1},
     41,
     1},
    {"outputs", {3, 6, 5}, {{Sigma::elu, 0.5}, {Sigma::sigmoid}}, {Cost::huber, {1}}, 41, 1},
    {"a parameter for each output",
     {3, 6, 3},
     {{Sigma::tanh}, {Sigma::identity}},
     {Cost::quantile, {0.1, 0.5, 0.9}},
     41,
     1},
    {"one layer", {7, 2}, {{Sigma::exp}}, {Cost::poisson, {0}, Mean::losses, 0, 0.3}, 41, 1},
};

// The problem of network j, which differs from the others in all that may differ in a bundle.
template <class T> Data<T> data_of(const Shape& shape, Optimizer optimizer, int j, bool diverges) {
  Data<T> data(shape, optimizer);
  ProblemSpec<T>& problem = data.problem;
  for (std::size_t k = 0; k < data.theta.size(); ++k) data.theta[k] *= T(1 - 0.1 * j);
  problem.data.t -= j;
  if (j % 3 == 1) problem.data.weights = nullptr;
  if (j % 2) problem.validation = {};
  problem.batch_size = 1 + (5 * j + 7) % Bundle<T>::most_rows;
  problem.shuffle = j % 4 != 2;
  problem.epochs = 4 + j % 3;
  problem.cost.l1 *= j % 2;
  if (j % 3 == 0) problem.optimizer.clip_norm = 0.05;
  if (j % 4 == 1) problem.optimizer.schedule = {Schedule::cosine, 0.02, {1, 0}};
  if (j == 3) problem.optimizer.schedule.rate = 0;
  if (j == 1) problem.patience = 2;
  const double rprop[] = {0.5, 1.2, 1e-6, 50}, rmsprop[] = {0.9, 1e-8, 0, 0}, adagrad[] = {1e-10, 0, 0, 0};
  if (optimizer == Optimizer::rprop) std::memcpy(problem.optimizer.hyper, rprop, sizeof rprop);
  if (optimizer == Optimizer::rmsprop) std::memcpy(problem.optimizer.hyper, rmsprop, sizeof rmsprop);
  if (optimizer == Optimizer::adagrad) std::memcpy(problem.optimizer.hyper, adagrad, sizeof adagrad);
  if (diverges && j == 1) problem.optimizer.schedule = constant(1e30), problem.optimizer.clip_norm = INFINITY;
  return data;
}

template <class T> std::unique_ptr<Trainer<T>> trainer_of(const Data<T>& data, int j) {
  Progress progress;
  progress.stream.state = 12345 + j, progress.stream.increment = 67891;
  const std::array<const T*, 2> moments{data.zeros.data(), data.zeros.data()};
  return std::make_unique<Trainer<T>>(data.problem, progress, data.theta.data(), moments);
}

// θ, moments, records but for the time, and the position.
template <class T> std::vector<double> numbers_of(const Trainer<T>& trainer) {
  const std::size_t d = trainer.problem().net.d();
  std::vector<T> theta(d), first(d), second(d);
  trainer.get(theta.data(), {first.data(), second.data()});
  const Progress& p = trainer.progress();
  std::vector<double> all{double(p.step), double(p.epoch), double(p.batch), p.partial_J, double(trainer.stopped())};
  for (const auto& part : {theta, first, second}) all.insert(all.end(), part.begin(), part.end());
  for (int k : {Progress::J, Progress::validation_J, Progress::learning_rate, Progress::gradient_norm})
    all.insert(all.end(), p.records[k].begin(), p.records[k].end());
  return all;
}

bool have_same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

template <class T> void same_bits(const Shape& shape, Optimizer optimizer, int count, long epochs, bool diverges) {
  std::vector<Data<T>> data;
  std::vector<std::unique_ptr<Trainer<T>>> alone, together;
  for (int j = 0; j < count; ++j) data.push_back(data_of<T>(shape, optimizer, j, diverges));
  for (int j = 0; j < count; ++j) {
    alone.push_back(trainer_of(data[j], j));
    together.push_back(trainer_of(data[j], j));
    while (alone[j]->stopped() == Stopped::no) alone[j]->advance(1000, 100, nullptr);
  }
  for (bool is_over = false; !is_over;) {
    std::vector<Trainer<T>*> left;
    for (const auto& trainer : together)
      if (trainer->stopped() == Stopped::no) left.push_back(trainer.get());
    is_over = left.empty();
    if (is_over) break;
    CHECK(Bundle<T>::fit(left), "%s", shape.name);
    Bundle<T>(left).advance(epochs, 100, nullptr);
  }
  for (int j = 0; j < count; ++j)
    CHECK(have_same_bits(numbers_of(*alone[j]), numbers_of(*together[j])), "%s, %d numbers, optimizer %d: %d of %d",
          shape.name, int(sizeof(T)), int(optimizer), j, count);
  if (diverges && &shape == narrow) CHECK(alone[1]->stopped() == Stopped::diverged, "%s", shape.name);
}

template <class T> void all_bundles() {
  using enum Optimizer;
  for (const Shape& shape : narrow)
    for (const Optimizer optimizer : {gradient_descent, momentum, nesterov, adagrad, rmsprop, adam, adamw, rprop})
      same_bits<T>(shape, optimizer, Bundle<T>::most_networks(), 1000, false);
  for (const Shape& shape : narrow) {
    same_bits<T>(shape, adamw, 2, 1, false);
    same_bits<T>(shape, gradient_descent, 2, 1000, true);
    same_bits<T>(shape, momentum, Bundle<T>::most_networks(), 2, true);
  }
}

// Networks of two shapes, two costs, two optimizers, or with large minibatches do not fit; nor do more than the lanes.
template <class T> void misfits() {
  std::vector<Data<T>> data;
  for (int j = 0; j < 5; ++j)
    data.push_back(data_of<T>(narrow[j == 1], j == 2 ? Optimizer::rprop : Optimizer::adam, 0, false));
  data[3].problem.cost.cost = Cost::huber;
  data[4].problem.batch_size = Bundle<T>::most_rows + 1;
  std::vector<std::unique_ptr<Trainer<T>>> trainers;
  for (const Data<T>& each : data) trainers.push_back(trainer_of(each, 0));
  CHECK(Bundle<T>::fit({trainers[0].get()}), "one network");
  for (int j = 1; j < 5; ++j) CHECK(!Bundle<T>::fit({trainers[0].get(), trainers[j].get()}), "%d", j);
  CHECK(!Bundle<T>::fit(std::vector<Trainer<T>*>(Bundle<T>::most_networks() + 1, trainers[0].get())), "too many");
}

}  // namespace

int chainrule::tests::run() {
  all_bundles<float>();
  all_bundles<double>();
  misfits<float>();
  return failures();
}
