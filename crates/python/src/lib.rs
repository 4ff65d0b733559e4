//! The Python module `backburn._backburn`: the library `backburn`, called from Python. The Python package in
//! `python/backburn` has the scikit-learn estimators, and is what users import.

mod arrow_table;
mod config;
mod dataset;
mod error;
mod event_json;
mod fit;
mod interrupt;
mod job_runner;
mod model;
mod numbers;
mod observer;
mod plan;
mod process;
mod words;

/// The library `backburn`, without anything of scikit-learn.
#[pyo3::pymodule]
mod _backburn {
    #[pymodule_export]
    use super::config::Config;
    #[pymodule_export]
    use super::dataset::Dataset;
    #[pymodule_export]
    use super::error::BackburnError;
    #[pymodule_export]
    use super::fit::fit;
    #[pymodule_export]
    use super::job_runner::JobRunner;
    #[pymodule_export]
    use super::model::Model;
    #[pymodule_export]
    use super::plan::Plan;
}
