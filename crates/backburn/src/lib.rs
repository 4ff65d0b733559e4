//! Train multilayer perceptrons on tables: from a CSV or Parquet file to a model that predicts.
//!
//! ```
//! use backburn::{Config, Dataset, Estimator, FitContext, FittedModel, Preset, ReadOptions, Table};
//! use burn::tensor::Device;
//!
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("houses.csv");
//! # let rows: String = (1..60).map(|i| format!("{},{},{}\n", 40 + i, i % 4, 900 * i + 5000)).collect();
//! # std::fs::write(&path, format!("size,rooms,price\n{rows}")).unwrap();
//! let table = Table::read(&path, &ReadOptions::default())?;
//! let data = Dataset::new(table, "price", &Default::default())?;
//! let (train, test) = data.split(0.2, 0)?;
//! let model = Estimator::new(Config::preset(Preset::Fast)).fit(&train, &FitContext::default())?;
//! println!("{}", model.evaluate(&test)?);
//! # let file = folder.path().join("houses.safetensors");
//! model.save(&file)?;
//! let model = FittedModel::load(&file, Device::default())?;
//! let prices = model.predict(&test)?;
//! # assert_eq!(prices.rows(), 12);
//! # Ok::<(), backburn::Error>(())
//! ```
//!
//! | To | use |
//! | --- | --- |
//! | read a table | [`Table::read`], [`ReadOptions`] |
//! | make a table from values in memory | [`TableBuilder`] |
//! | see what is in a table | [`describe`], [`describe_reader`], [`TableDescription`] |
//! | choose the target and the columns | [`Dataset::new`], [`DatasetOptions`], [`ColumnOptions`] |
//! | choose settings | [`Config::preset`], [`Settings`] |
//! | fit a model | [`Estimator::fit`], [`FitContext`] |
//! | predict several columns with one network | [`MultiTargetDataset`], [`Estimator::fit_targets`], [`MultiTargetModel`] |
//! | observe a fit | [`Observer`], [`Event`] |
//! | stop a fit | [`StopToken`] |
//! | resume a fit | [`Checkpoints`] |
//! | run a fit in several processes | [`Estimator::plan`], [`Job`], [`JobRunner`], [`EncodedRows`] |
//! | score settings | [`Estimator::cross_validate`] |
//! | train a model on new rows | [`FittedModel::update`], [`FittedModel::keep_memory`], [`Follow`] |
//! | search for the best settings | [`Tuner`], [`SearchSpace`], [`Study`] |
//! | predict, score, save | [`FittedModel`], [`Predictor`] |
//! | get values, classes and probabilities | [`Predictions`] |
//! | score a table, and list what is unusual about its rows | [`Predictor::evaluate`], [`Evaluation`] |
//! | predict a table of any length | [`PredictionStream`], [`TargetStream`], [`PredictionWriter`] |
//! | predict many small batches | [`BatchPredictor`] |
//! | get the embedding of each row | [`FittedModel::embed`], [`Embedder`], [`EmbeddingStream`] |
//! | find the rows most similar to a given row | [`SimilarRows::find`] |
//! | compare with simpler methods | [`compare`], [`ComparedMethod`] |
//! | check gradients, find a learning rate | [`check_network_gradients`], [`find_learning_rate`] |
//!
//! The command line `trainer` calls this library: the same table, settings and seed give the same model
//! file, byte for byte.
//!
//! # Features
//!
//! - `train` (default): fitting. Without it, the crate loads models and predicts, and compiles neither
//!   Burn's autodiff nor its optimizers.
//! - `arrow`, `compression`, `excel`, `json` and `parquet` (default): file formats to read, in addition to CSV
//!   and gzip. `parquet` also writes Parquet and Arrow files.
//! - `boosting`: gradient-boosted trees, as a method of [`compare`].
//! - `clap`: the arguments of a command line that trains, for clap.
//!
//! The crate selects no backend of Burn: an application enables one, such as the feature `flex` of `burn`.

#[cfg(feature = "train")]
mod bagging;
#[cfg(feature = "train")]
pub mod baselines;
mod batch_predictor;
mod batch_writer;
#[cfg(feature = "train")]
mod beyond_range;
#[cfg(feature = "boosting")]
pub mod boosting;
#[cfg(feature = "train")]
mod callbacks;
#[cfg(feature = "train")]
mod check_refit;
#[cfg(feature = "train")]
mod check_target;
#[cfg(feature = "train")]
mod checkpoints;
#[cfg(feature = "train")]
mod class_warnings;
#[cfg(feature = "train")]
mod clock;
#[cfg(feature = "train")]
mod column_options;
#[cfg(feature = "train")]
mod column_sketch;
#[cfg(feature = "train")]
mod column_warnings;
#[cfg(feature = "train")]
mod columns_by_kind;
mod command_files;
#[cfg(feature = "train")]
mod command_line;
#[cfg(feature = "train")]
pub mod command_words;
#[cfg(feature = "train")]
mod comparison;
#[cfg(feature = "train")]
mod compatible_remedies;
#[cfg(feature = "train")]
mod config;
mod confusion_matrix;
#[cfg(feature = "train")]
mod constant;
#[cfg(feature = "train")]
mod constant_finding;
#[cfg(feature = "train")]
mod context;
mod continual;
#[cfg(feature = "train")]
mod copied_rows;
#[cfg(feature = "train")]
mod cost_file;
#[cfg(feature = "train")]
mod cross_validation;
#[cfg(feature = "train")]
mod dashboard_config;
mod data_shift;
#[cfg(feature = "train")]
mod dataset;
#[cfg(feature = "train")]
mod dataset_options;
#[cfg(feature = "train")]
mod dataset_splits;
#[cfg(feature = "train")]
mod dataset_target;
#[cfg(feature = "train")]
mod dataset_words;
#[cfg(feature = "train")]
mod describe;
#[cfg(feature = "train")]
mod description_notes;
mod device;
#[cfg(feature = "train")]
mod distribution_score;
mod embedder;
mod embedding_stream;
mod embedding_writer;
mod embeddings;
#[cfg(feature = "train")]
mod encoded_heads;
#[cfg(feature = "train")]
mod encoded_split;
#[cfg(feature = "train")]
mod equal_rows;
mod error;
#[cfg(feature = "train")]
mod estimator;
#[cfg(feature = "train")]
mod evaluate_targets;
#[cfg(feature = "train")]
mod evaluation;
#[cfg(feature = "train")]
mod event;
#[cfg(feature = "train")]
mod event_words;
#[cfg(feature = "train")]
mod explaining_columns;
#[cfg(feature = "train")]
mod exposures;
mod fault;
#[cfg(feature = "train")]
mod few_rows;
#[cfg(feature = "train")]
mod find_learning_rate;
#[cfg(feature = "train")]
mod finding_words;
#[cfg(feature = "train")]
mod fit_ending;
#[cfg(feature = "train")]
mod fit_plan;
#[cfg(feature = "train")]
mod fit_summary;
#[cfg(feature = "train")]
mod fit_targets;
mod fits_target;
#[cfg(feature = "train")]
mod fitted_model;
mod folder;
#[cfg(not(unix))]
mod folder_std;
#[cfg(unix)]
mod folder_unix;
mod format_version;
#[cfg(feature = "train")]
mod free_memory;
#[cfg(feature = "train")]
mod gap;
#[cfg(feature = "train")]
mod gradient_check;
#[cfg(feature = "train")]
mod group_scores;
#[cfg(feature = "train")]
mod head;
#[cfg(feature = "train")]
mod head_view;
#[cfg(feature = "train")]
mod held_out;
#[cfg(feature = "train")]
mod held_out_predictions;
#[cfg(feature = "train")]
pub mod history_file;
#[cfg(feature = "train")]
mod imputation_errors;
#[cfg(feature = "train")]
mod infer_columns;
#[cfg(feature = "train")]
mod job;
#[cfg(feature = "train")]
mod job_result;
#[cfg(feature = "train")]
mod keep_model;
mod kept_columns;
#[cfg(feature = "train")]
mod learning_curve;
#[cfg(feature = "train")]
mod members;
#[cfg(feature = "train")]
mod memory;
#[cfg(feature = "train")]
mod merge;
#[cfg(feature = "train")]
mod missing_targets;
mod model_bytes;
mod model_file;
mod model_file_error;
mod model_path;
mod model_tensors;
#[cfg(feature = "train")]
mod multi_target_dataset;
#[cfg(feature = "train")]
mod multi_target_model;
#[cfg(feature = "train")]
mod nearest_rows;
#[cfg(feature = "train")]
mod network_config;
#[cfg(feature = "train")]
mod network_targets;
mod number_text;
#[cfg(feature = "clap")]
mod on_error;
#[cfg(feature = "train")]
mod open_checkpoints;
#[cfg(feature = "train")]
mod open_rows;
#[cfg(feature = "train")]
mod out_of_fold;
mod output_file;
pub mod parse;
#[cfg(feature = "train")]
pub mod plain_errors;
#[cfg(feature = "train")]
mod plan;
mod predicted_rows;
mod prediction_batch;
mod prediction_csv;
mod prediction_file;
mod prediction_format;
mod prediction_json;
#[cfg(feature = "parquet")]
mod prediction_parquet;
mod prediction_stream;
mod prediction_writer;
mod predictor;
#[cfg(feature = "train")]
mod preset;
#[cfg(feature = "train")]
mod rare_classes;
#[cfg(feature = "train")]
mod read_text;
#[cfg(feature = "train")]
mod reliability;
#[cfg(feature = "train")]
mod room;
#[cfg(feature = "train")]
mod rounding;
#[cfg(feature = "train")]
mod row_copies;
#[cfg(feature = "train")]
mod row_hashes;
mod row_index;
mod row_sample;
mod row_stream;
#[cfg(feature = "train")]
mod row_units;
#[cfg(feature = "train")]
mod row_weights;
mod rows_report;
#[cfg(feature = "train")]
mod run_description;
#[cfg(feature = "train")]
mod run_folder;
#[cfg(feature = "train")]
mod runner;
#[cfg(feature = "train")]
mod same_time;
#[cfg(feature = "train")]
mod sample_rows;
#[cfg(feature = "train")]
mod saved_fit;
mod saved_targets;
#[cfg(feature = "train")]
mod score;
#[cfg(feature = "train")]
mod score_rows;
#[cfg(feature = "train")]
mod score_text;
#[cfg(feature = "train")]
mod score_words;
#[cfg(feature = "train")]
mod scorer;
#[cfg(feature = "train")]
mod scoring;
#[cfg(feature = "train")]
mod scoring_config;
#[cfg(feature = "train")]
mod selected;
#[cfg(feature = "train")]
mod selection;
#[cfg(feature = "train")]
mod settings;
mod shift_finding;
mod similar_rows;
mod similar_rows_text;
#[cfg(feature = "train")]
mod single_value;
mod skipped_lines;
#[cfg(feature = "train")]
mod split_checks;
#[cfg(feature = "train")]
mod split_columns;
#[cfg(feature = "train")]
mod split_hints;
mod split_note;
#[cfg(feature = "train")]
mod split_rule;
#[cfg(feature = "train")]
mod splitter;
#[cfg(feature = "train")]
mod standard_error;
mod standard_output;
#[cfg(feature = "train")]
mod stop_token;
mod summary;
mod table_builder;
#[cfg(feature = "train")]
mod table_description;
#[cfg(feature = "train")]
mod table_diagnosis;
#[cfg(feature = "train")]
mod table_source;
mod target_stream;
#[cfg(feature = "train")]
mod target_warnings;
#[cfg(feature = "train")]
mod target_weights;
#[cfg(feature = "train")]
mod target_words;
#[cfg(feature = "train")]
mod targets;
mod temporary_file;
#[cfg(feature = "train")]
mod test_result;
#[cfg(feature = "train")]
mod test_rows;
pub mod text;
#[cfg(feature = "train")]
mod threshold_choice;
mod trade_off;
#[cfg(feature = "train")]
mod train_heads;
#[cfg(feature = "train")]
mod train_network;
#[cfg(feature = "train")]
mod trend;
#[cfg(feature = "train")]
mod trend_finding;
#[cfg(feature = "train")]
mod trend_options;
#[cfg(feature = "train")]
mod tuning;
#[cfg(feature = "train")]
mod unknown_classes;
#[cfg(feature = "train")]
mod validation_score;
mod value_count;
mod warning;
mod warning_words;
#[cfg(feature = "train")]
mod work_memory;
#[cfg(feature = "train")]
mod zero_inflation;

pub use command_files::{CommandFiles, once_from_standard_input};
pub use confusion_matrix::confusion_matrix;
pub use continual::{Memory, PastTask, Remember, StoredRows};
pub use data_shift::DataShift;
pub use device::SelectedDevice;
pub use error::Error;
#[cfg(feature = "clap")]
pub use {continual::ContinualArgs, on_error::OnError, tuning::SearchArgs};

pub use arrow_array::RecordBatch;
pub use backburn_model::MlpConfig;
pub use backburn_preprocessing::{
    Bins, ColumnCounts, ColumnEncoder, ColumnProfile, Decision, Distribution, Encoded, Encoder,
    EncoderOptions, ErrorScale, FeatureName, Imputer, KnnTargetEncoder, NumberScale,
    PredictedQuantiles, Predictions, Target, TargetTransform, Task, ValueProfile,
};
pub use backburn_table::{
    Cell, CellError, Column, ColumnKind, ColumnSchema, ContentKind, Encoding, FormatNote,
    FormatOptions, ReadOptions, Schema, Skipped, Split, Table, TableError, TableFormat,
    TableReader, TableSize, k_folds, nearest_name, table_files,
};
pub use batch_predictor::BatchPredictor;
pub use burn::tensor::Device;
pub use embedder::Embedder;
pub use embedding_stream::EmbeddingStream;
pub use embedding_writer::EmbeddingWriter;
pub use embeddings::{EmbeddedRows, Embeddings};
pub use format_version::FORMAT_VERSION;
pub use kept_columns::KeptColumns;
pub use model_bytes::read_model_bytes;
pub use model_file::{ModelFile, SavedModel};
pub use model_file_error::ModelFileError;
pub use model_path::model_path;
pub use output_file::OutputFile;
pub use predicted_rows::PredictedRows;
pub use prediction_csv::PredictionCsv;
pub use prediction_file::PredictionFile;
pub use prediction_format::PredictionFormat;
pub use prediction_stream::PredictionStream;
pub use prediction_writer::PredictionWriter;
pub use predictor::{Predictor, RowPredictor};
pub use row_index::{row_index, row_indices};
pub use row_sample::RowSample;
pub use rows_report::RowsReport;
pub use saved_targets::SavedTargets;
pub use shift_finding::{ShiftFinding, shift_notes};
pub use similar_rows::{ColumnDifference, SimilarRow, SimilarRows};
pub use skipped_lines::SkippedLines;
pub use split_note::SplitNote;
pub use standard_output::standard_output;
pub use summary::{Summary, TestScore};
pub use table_builder::TableBuilder;
pub use target_stream::TargetStream;
pub use trade_off::{TradeOff, TradeOffPoint};
pub use value_count::ValueCount;
pub use warning::Warning;

#[cfg(feature = "train")]
pub use self::{
    checkpoints::{Changed, Checkpoints, DEFAULT_INTERVAL, folder_error},
    column_options::ColumnOptions,
    command_line::{CommandLine, Resumed},
    comparison::{
        ComparedMethod, MethodScores, check_room_to_compare, compare, compared_scores,
        comparison_json, verdict,
    },
    config::{Config, DataConfig, EnsembleConfig, KnnFeatures},
    context::FitContext,
    continual::{
        Follow, Forgetting, ModelUpdate, NewNames, Update, UpdateOptions, UpdateReport, Window,
    },
    cost_file::read_costs,
    cross_validation::CrossValidation,
    dataset::Dataset,
    dataset_options::DatasetOptions,
    describe::{DescribeOptions, describe, describe_reader},
    distribution_score::DistributionScore,
    encoded_split::EncodedSplit,
    estimator::Estimator,
    evaluate_targets::evaluate_targets,
    evaluation::{Evaluation, EvaluationOptions, json_of_targets},
    event::{Event, NetworkDescription, Observer},
    event_words::next_shown_epoch,
    find_learning_rate::find_learning_rate,
    finding_words::findings_in_words,
    fitted_model::{FitRecord, FittedModel},
    gap::Gap,
    gradient_check::{NetworkGradientCheck, check_network_gradients, gradient_verdict},
    group_scores::GroupScores,
    held_out_predictions::HeldOutPredictions,
    job::{Job, JobKind},
    job_result::{JobResult, Outcome, TrainedNetwork},
    keep_model::KeepModel,
    learning_curve::{LearningCurve, learning_curve, no_learning_curve},
    members::Members,
    memory::{open_table, read_table, room_to_evaluate, room_to_explain, room_to_load},
    multi_target_dataset::MultiTargetDataset,
    multi_target_model::MultiTargetModel,
    nearest_rows::nearest_rows_loss,
    network_config::network_config,
    open_checkpoints::CheckpointOptions,
    open_rows::open_rows,
    plan::{Assembled, Plan},
    preset::Preset,
    reliability::{COVERAGE, Reliability, ReliabilityMeasure},
    run_description::RunDescription,
    run_folder::{FolderError, RUN, RunFolder},
    runner::{EncodedRows, JobRunner},
    saved_fit::SavedFit,
    score::{Metrics, Score, metric_name},
    scorer::Scorer,
    scoring_config::{Costs, ScoringConfig},
    selected::{Selected, Selection},
    settings::Settings,
    split_columns::SplitColumns,
    stop_token::StopToken,
    table_description::{Bound, ColumnDescription, TableDescription, TargetDescription, Training},
    table_source::TableSource,
    target_words::{one_target, only_for_one_target, target_columns},
    targets::Targets,
    test_result::TestResult,
    test_rows::TestRows,
    tuning::{
        NestedScores, Sampler, SearchSpace, SettingImportance, SettingRange, Study, StudyFile,
        Trial, TrialReport, Tuned, Tuner, TuningFiles,
    },
};
#[cfg(feature = "train")]
pub use backburn_training::{
    BatchReport, Diagnosis, EpochRecord, EpochReport, Finding, GradientCheck, History, LayerReport,
    RangeTest, StartReport, StopReason, TensorDataset, TrainingConfig, TrainingError,
    metrics::{ClassificationScore, ConfusionMatrix, Metric, QuantileScore, RegressionScore},
};
