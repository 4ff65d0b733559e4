//! Embeds the page of the playground, if it is built. Its files are compressed.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

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
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut list = String::from("&[\n");
    for (index, name) in names.iter().enumerate() {
        let content = fs::read(web.join(name))?;
        let path = out.join(format!("{index}.gz"));
        fs::write(&path, gzip(&content)?)?;
        let size = content.len();
        list += &format!("    ({name:?}, {size}, include_bytes!({path:?}).as_slice()),\n");
    }
    list += "]\n";
    fs::write(out.join("files.rs"), list)?;
    Ok(())
}

fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
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
