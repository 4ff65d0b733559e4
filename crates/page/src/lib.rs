//! The page of the playground inside a program, and a small server for it on this computer.
//!
//! The page is a folder of static files ([README](https://github.com/backburn/backburn/tree/main/crates/playground)).
//! A program that is compiled after the page was built has these files in it: [`Site::built_in`]. [`Site::read`] takes
//! them from a folder. [`serve`] answers requests of browsers on the same computer, with the sockets of the standard
//! library: a default build needs neither the WebAssembly toolchain nor an HTTP library. The files are compressed with
//! gzip, and decompressed for clients that do not accept that.
//!
//! ```no_run
//! use backburn_page::{Limits, Site, listen, serve};
//!
//! let site = Site::built_in()?;
//! let (listener, address) = listen(8321)?;
//! println!("http://{address}/");
//! serve(&listener, &site, Limits::default());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "clap")]
mod args;
mod browser;
mod compressed_file;
mod error;
mod request;
mod response;
mod server;
mod site;

#[cfg(feature = "clap")]
pub use args::PlaygroundArgs;
pub use browser::open_in_browser;
pub use error::PageError;
pub use server::{Limits, listen, serve};
pub use site::Site;
