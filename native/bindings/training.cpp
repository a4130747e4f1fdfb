// TrainingRun32 and TrainingRun64: the core's trainer for Python. They keep the arrays alive that it borrows.
#include <algorithm>
#include <atomic>
#include <memory>

#include "arrays.hpp"
#include "bundles/bundle.hpp"
#include "stream.hpp"
#include "trainer.hpp"

namespace chainrule::bindings {
namespace {

constexpr const char* stopped_names[] = {nullptr, "tol", "patience", "epochs", "diverged"};
constexpr const char* record_names[] = {"J", "validation_J", "learning_rate", "seconds", "gradient_norm"};

template <class T> class Run {
 public:
  // `data` is X, Y, weights and places (`Examples`), or t and Σw if the examples come in windows.
  Run(const nb::tuple& net, const nb::tuple& cost, const nb::tuple& optimizer, nb::handle data, nb::handle validation,
      long batch_size, bool shuffle, long epochs, double tol, long tol_epochs, long patience, int threads,
      int first_threads, nb::handle theta, const nb::list& moments, const nb::dict& progress, int blocks)
      : theta_(theta) {
    ProblemSpec<T> problem;
    problem.net = network_spec(net);
    problem.cost = cost_spec(cost);
    problem.optimizer = optimizer_spec(optimizer);
    problem.is_in_windows = nb::cast<nb::tuple>(data).size() == 2;
    if (problem.is_in_windows) {
      std::tie(problem.data.t, problem.total_weight) = items<long, double>(data);
    } else {
      data_ = examples(data);
      problem.data = data_.set(problem.net);
    }
    if (!validation.is_none()) {
      validation_ = examples(validation);
      problem.validation = validation_.set(problem.net);
      if (bool(problem.validation.sparse_X) != bool(problem.data.sparse_X))
        throw std::invalid_argument("X and the validation X must both be sparse, or both dense");
    }
    problem.batch_size = batch_size, problem.shuffle = shuffle, problem.epochs = epochs;
    problem.tol = tol, problem.tol_epochs = tol_epochs, problem.patience = patience;
    problem.threads = threads, problem.first_threads = first_threads;
    problem.blocks = blocks;
    if (blocks && (blocks < 0 || (blocks & (blocks - 1)) || problem.data.sparse_X || problem.is_in_windows))
      throw std::invalid_argument("steps in parts need a power of two of blocks, and a dense X in memory");
    d_ = problem.net.d();
    blocks_ = blocks;
    if (theta_.length() != d_) throw std::invalid_argument("theta has the wrong length");
    std::array<Vector<const T>, 2> start;
    for (std::size_t k = 0; k < moments.size() && k < 2; ++k) start[k] = Vector<const T>(moments[k]);
    trainer_ = std::make_unique<Trainer<T>>(problem, read(progress), theta_.data(),
                                            std::array{start[0].data(), start[1].data()});
    trainer_->show_in(theta_.data());
    if (progress.contains("best_theta") && !progress["best_theta"].is_none())
      trainer_->set_best_theta(Vector<const T>(progress["best_theta"]).data());
  }

  // Takes the examples of the next steps from these arrays, which it keeps until the next call.
  void set_window(nb::handle data, nb::handle order, long first_batch, long end_batch, nb::handle keys) {
    Examples<T> window = examples(data);
    Vector<const std::uint32_t> order_of_window;
    if (!order.is_none()) order_of_window = Vector<const std::uint32_t>(order);
    const TrainingSet<T> set = window.set(trainer_->problem().net);
    if (order_of_window.data() && order_of_window.length() != set.t)
      throw std::invalid_argument("an order has the wrong length");
    const ProblemSpec<T>& problem = trainer_->problem();
    const bool are_batches = 0 <= first_batch && first_batch < end_batch && end_batch <= problem.steps_per_epoch();
    if (!are_batches ||
        std::min(end_batch * problem.batch_size, problem.data.t) > first_batch * problem.batch_size + set.t)
      throw std::invalid_argument("a window has too few rows");
    trainer_->set_window({.set = set,
                          .order = order_of_window.data(),
                          .first_batch = first_batch,
                          .end_batch = end_batch,
                          .keys = stream(keys)});
    data_ = std::move(window), order_ = std::move(order_of_window);
  }
  bool needs_window() const { return trainer_->needs_window(); }

  void advance(long epochs, double seconds) {
    bool raised = false;
    {
      nb::gil_scoped_release release;
      trainer_->advance(epochs, seconds, [&] {
        if (interrupt_.load()) return true;
        nb::gil_scoped_acquire acquire;  // lets Python run the handlers of pending signals
        raised = PyErr_CheckSignals() != 0;
        return raised || interrupt_.load();
      });
    }
    interrupt_.store(false);
    if (raised) throw nb::python_error();
  }
  // A slice in parts (Trainer::begin_shared); each `sum` is an array (sum_size,).
  void begin_shared(long epochs) {
    require_parts();
    trainer_->begin_shared(epochs);
  }
  long sum_size() const {
    require_parts();
    return trainer_->sum_size();
  }
  bool has_next_step() const { return trainer_->has_next_step(); }
  double sum_blocks(int first, int count, nb::handle sum) {
    const Vector<T> out(sum);
    const bool is_subtree =
        count > 0 && first >= 0 && first + count <= blocks_ && !(count & (count - 1)) && first % count == 0;
    if (!has_next_step() || !is_subtree || out.length() != sum_size())
      throw std::invalid_argument("no such sum of blocks");
    nb::gil_scoped_release release;
    return trainer_->sum_blocks(first, count, out.data());
  }
  void add_sum(nb::handle sum, nb::handle other) const {
    const Vector<T> to(sum);
    const Vector<const T> from(other);
    if (to.length() != sum_size() || from.length() != sum_size()) throw std::invalid_argument("no such sums");
    nb::gil_scoped_release release;
    trainer_->add_sum(to.data(), from.data());
  }
  void take_sum(nb::handle sum, double J) {
    const Vector<T> all(sum);
    if (!has_next_step() || all.length() != sum_size()) throw std::invalid_argument("no step for this sum");
    nb::gil_scoped_release release;
    trainer_->take_sum(all.data(), J);
  }
  void end() { trainer_->end(); }

  // Advances several runs that fit together, at most Bundle<T>::most_networks() of them.
  static void advance_bundle(const nb::list& list, long epochs, double seconds) {
    std::vector<Run*> runs;
    std::vector<Trainer<T>*> trainers;
    for (nb::handle run : list) runs.push_back(nb::cast<Run*>(run));
    for (Run* run : runs) trainers.push_back(run->trainer_.get());
    if (!Bundle<T>::fit(trainers)) throw std::invalid_argument("these runs do not fit into one bundle");
    bool raised = false;
    {
      nb::gil_scoped_release release;
      const auto has_request = [&] {
        return std::any_of(runs.begin(), runs.end(), [](const Run* run) { return run->interrupt_.load(); });
      };
      Bundle<T>(trainers).advance(epochs, seconds, [&] {
        if (has_request()) return true;
        nb::gil_scoped_acquire acquire;
        raised = raised || PyErr_CheckSignals() != 0;
        return raised || has_request();
      });
    }
    for (Run* run : runs) run->interrupt_.store(false);
    if (raised) throw nb::python_error();
  }

  void interrupt() { interrupt_.store(true); }
  void limit_threads(int limit) { trainer_->limit_threads(std::max(limit, 1)); }
  void take_theta() { trainer_->take_theta(); }

  void finish() {
    copy_best_theta(theta_.data());
    trainer_->finish();
    data_ = {}, validation_ = {}, theta_ = {}, order_ = {};
  }

  nb::object stopped() const {
    const char* name = stopped_names[static_cast<int>(trainer_->stopped())];
    if (!name) return nb::none();
    nb::object text = nb::steal(PyUnicode_FromString(name));
    if (!text.is_valid()) throw nb::python_error();
    return text;
  }
  const char* method() const { return trainer_->method_name(); }

  void get(nb::handle theta, const nb::list& moments) const {
    std::array<Vector<T>, 2> out;
    for (std::size_t k = 0; k < moments.size() && k < 2; ++k) out[k] = Vector<T>(moments[k]);
    trainer_->get(Vector<T>(theta).data(), {out[0].data(), out[1].data()});
  }

  nb::dict progress() const {
    const Progress& p = trainer_->progress();
    nb::dict out;
    out["step"] = p.step, out["epoch"] = p.epoch, out["batch"] = p.batch;
    out["partial_J"] = p.partial_J, out["partial_seconds"] = p.partial_seconds;
    out["stream"] = nb::make_tuple(half(p.stream.state, 1), half(p.stream.state, 0), half(p.stream.increment, 1),
                                   half(p.stream.increment, 0));
    out["best_J"] = p.best_J, out["best_epoch"] = p.best_epoch;
    return out;
  }

  nb::dict records_since(std::size_t first) const {  // float64 as bytes
    nb::dict out;
    for (int k = 0; k < Progress::kinds; ++k) {
      const auto& values = trainer_->progress().records[k];
      const std::size_t from = std::min(first, values.size());
      out[record_names[k]] = nb::bytes(values.data() + from, (values.size() - from) * sizeof(double));
    }
    return out;
  }

  bool best_theta(nb::handle theta) const { return copy_best_theta(Vector<T>(theta).data()); }

 private:
  void require_parts() const {
    if (!blocks_) throw std::invalid_argument("steps are not made in parts");
  }

  bool copy_best_theta(T* theta) const {  // false: no epoch has improved J yet
    if (!trainer_->best_theta() || trainer_->progress().best_epoch == 0) return false;
    std::copy_n(trainer_->best_theta(), d_, theta);
    return true;
  }

  static Examples<T> examples(nb::handle args) {
    const auto [X, Y, weights, places] = items<nb::handle, nb::handle, nb::handle, nb::handle>(args);
    return Examples<T>(X, Y, weights, places);
  }

  static std::uint64_t half(unsigned __int128 x, int upper) { return static_cast<std::uint64_t>(x >> (64 * upper)); }

  static Progress read(const nb::dict& in) {
    Progress p;
    p.step = nb::cast<long>(in["step"]), p.epoch = nb::cast<long>(in["epoch"]), p.batch = nb::cast<long>(in["batch"]);
    if (in.contains("first_step")) p.first_step = nb::cast<long>(in["first_step"]);
    p.partial_J = nb::cast<double>(in["partial_J"]), p.partial_seconds = nb::cast<double>(in["partial_seconds"]);
    p.stream = stream(in["stream"]);
    p.best_J = nb::cast<double>(in["best_J"]), p.best_epoch = nb::cast<long>(in["best_epoch"]);
    for (int k = 0; k < Progress::kinds; ++k) p.records[k] = vector_of<double>(in["records"][record_names[k]]);
    return p;
  }

  Examples<T> data_, validation_;
  Vector<const std::uint32_t> order_;  // of the window
  Vector<T> theta_;                    // the network's θ, which is kept current
  std::unique_ptr<Trainer<T>> trainer_;
  long d_ = 0;
  int blocks_ = 0;
  std::atomic<bool> interrupt_{false};
};

template <class T> void bind(nb::module_& module, const char* name) {
  nb::class_<Run<T>>(module, name, "A training run of the native engine; see chainrule/engines/native/.")
      .def(nb::init<const nb::tuple&, const nb::tuple&, const nb::tuple&, nb::handle, nb::handle, long, bool, long,
                    double, long, long, int, int, nb::handle, const nb::list&, const nb::dict&, int>(),
           nb::arg("net"), nb::arg("cost"), nb::arg("optimizer"), nb::arg("data"), nb::arg("validation").none(),
           nb::arg("batch_size"), nb::arg("shuffle"), nb::arg("epochs"), nb::arg("tol"), nb::arg("tol_epochs"),
           nb::arg("patience"), nb::arg("threads"), nb::arg("first_threads"), nb::arg("theta"), nb::arg("moments"),
           nb::arg("progress"), nb::arg("blocks") = 0)
      .def("advance", &Run<T>::advance, nb::arg("epochs"), nb::arg("seconds"),
           "Trains for `epochs` epochs or `seconds`, whichever ends first, without the GIL.")
      .def("begin_shared", &Run<T>::begin_shared, nb::arg("epochs"),
           "Begins a slice of steps in parts, which `end` ends; after any of them, since it keeps no half step.")
      .def_prop_ro("has_next_step", &Run<T>::has_next_step, "True if the slice has another step.")
      .def_prop_ro("sum_size", &Run<T>::sum_size, "Numbers of a sum: those of ∂J/∂θ in the kernel set's own order.")
      .def("sum_blocks", &Run<T>::sum_blocks, nb::arg("first"), nb::arg("count"), nb::arg("total"),
           "total := Σ w ∂ℓ/∂θ over blocks first … first + count − 1 of the next step's rows; returns Σ w ℓ.")
      .def("add_sum", &Run<T>::add_sum, nb::arg("total"), nb::arg("other"),
           "total := total + other, as in the sum of a subtree: subnormal numbers are zero.")
      .def("take_sum", &Run<T>::take_sum, nb::arg("total"), nb::arg("J"),
           "Makes the next step along the sum of all blocks, whose loss is J, and changes it.")
      .def("end", &Run<T>::end, "Ends the slice, and writes θ into the network's.")
      .def("set_window", &Run<T>::set_window, nb::arg("data"), nb::arg("order").none(), nb::arg("first_batch"),
           nb::arg("end_batch"), nb::arg("keys"),
           "Takes the examples of the next steps from these arrays, and borrows them until the next call.")
      .def_prop_ro("needs_window", &Run<T>::needs_window, "True if the next step has to wait for the next window.")
      .def_static(
          "advance_bundle", &Run<T>::advance_bundle, nb::arg("runs"), nb::arg("epochs"), nb::arg("seconds"),
          "Advances several runs, each in a lane of its own; the slice ends for all as soon as it ends for one.")
      .def_static(
          "suits_bundle", [](const nb::tuple& net) { return Bundle<T>::suits(network_spec(net)); }, nb::arg("net"),
          "True if networks of this shape can be trained in bundles.")
      .def_prop_ro_static(
          "bundle_networks", [](nb::handle) { return Bundle<T>::most_networks(); }, "The most runs of a bundle.")
      .def_prop_ro_static(
          "bundle_rows", [](nb::handle) { return Bundle<T>::most_rows; }, "The most rows of their minibatches.")
      .def("interrupt", &Run<T>::interrupt,
           "Makes the running or next `advance` return soon; an unfinished step is undone.")
      .def("limit_threads", &Run<T>::limit_threads, nb::arg("limit"),
           "Makes later steps use at most `limit` threads; safe while `advance` runs in another thread.")
      .def("take_theta", &Run<T>::take_theta, "Continues from the network's θ, which may have been changed.")
      .def("finish", &Run<T>::finish,
           "Ends the run: writes the best θ, if there is one, into the network's, and releases the arrays.")
      .def_prop_ro("stopped", &Run<T>::stopped)
      .def_prop_ro("method", &Run<T>::method, "The training method: panels or lanes.")
      .def("get", &Run<T>::get, nb::arg("theta"), nb::arg("moments"),
           "Writes θ and the optimizer's moments into these arrays.")
      .def("best_theta", &Run<T>::best_theta, nb::arg("theta"))
      .def("progress", &Run<T>::progress)
      .def("records_since", &Run<T>::records_since, nb::arg("first"));
}

}  // namespace

void bind_training(nb::module_& module) {
  bind<float>(module, "TrainingRun32");
  bind<double>(module, "TrainingRun64");
}

}  // namespace chainrule::bindings
