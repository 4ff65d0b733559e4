//! Serves trained models over HTTP: predictions, explanations, schemas and metrics.
//!
//! ```no_run
//! use backburn::Device;
//! use backburn_server::{ModelSource, ServerConfig, ServerLog, run};
//!
//! let models = vec![ModelSource::named("houses", "houses.safetensors")?];
//! let config = ServerConfig::new(models, Device::default());
//! run(config, ServerLog::new(|event| eprintln!("{event}")))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A program with an HTTP server of its own calls [`Server::router`], which is a router of axum.
//!
//! # Paths
//!
//! | Path | What it is |
//! | --- | --- |
//! | `POST /predict`, `POST /models/NAME/predict` | predictions for the rows in the body: JSON, JSON lines, CSV or Arrow |
//! | `GET /schema`, `GET /models/NAME/schema` | the JSON Schema of a request |
//! | `GET /models` | the models |
//! | `GET /openapi.json` | the OpenAPI document |
//! | `GET /health` | whether the server works |
//! | `GET /metrics` | counts for Prometheus |
//! | `/v2/…` | version 2 of the protocol of KServe |
//!
//! A table in a request is read by the code that reads files, and a row gets the same prediction as in a file,
//! whatever rows it is predicted with.
//!
//! # Features
//!
//! - `tls`: HTTPS, by rustls.
//! - `clap`: `ServeArgs`, the arguments of a command line.
//!
//! The crate names no backend of Burn: an application enables one, such as the feature `flex` of `burn`.

// Each group uses only the groups above it.
mod event;
mod model_name;
mod problem;
mod queue;
mod token;

#[cfg(feature = "tls")]
mod tls;

mod columns;
mod config;
mod media;
mod metrics;
mod query;

mod body;
mod encryption;
mod infer;
mod rows;

#[cfg(feature = "clap")]
mod args;

mod answer;

mod request;

mod predict;

mod explain;

mod workers;

mod model;

mod openapi;
mod reload;

mod app;

mod kserve;

mod router;

mod listener;

mod server;

mod run;

#[cfg(feature = "clap")]
pub use args::{LimitArgs, ServeArgs};
pub use config::{Limits, ModelSource, ServerConfig};
pub use event::{ServerEvent, ServerLog};
pub use run::run;
pub use server::{Reload, Server};
#[cfg(feature = "tls")]
pub use tls::TlsFiles;
pub use token::{TOKEN_VARIABLE, Token};
