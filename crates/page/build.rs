//! Embeds the page of the playground, if it is built.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The files and folders that the page consists of, without its tests and its guide.
const FILES: [&str; 4] = ["index.html", "service_worker.js", "style.css", "worker.js"];
const FOLDERS: [&str; 2] = ["js", "pkg"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let web = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../playground/web");
    // A published package is without the folder.
    if web.is_dir() {
        println!("cargo::rerun-if-changed={}", web.display());
    }
    let names = match web.join("pkg/playground_bg.wasm").is_file() {
        true => names(&web)?,
        false => Vec::new(),
    };
    let files = names.iter().map(|name| {
        let path = web.join(name);
        format!("    ({name:?}, include_bytes!({path:?}).as_slice()),\n")
    });
    let list = format!("&[\n{}]\n", files.collect::<String>());
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("files.rs"), list)?;
    Ok(())
}

/// The names of the files, such as `js/app.js`.
fn names(web: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = FILES.map(String::from).to_vec();
    for folder in FOLDERS {
        for entry in fs::read_dir(web.join(folder))? {
            let name = entry?.file_name();
            names.push(format!("{folder}/{}", name.to_string_lossy()));
        }
    }
    names.sort();
    Ok(names)
}
