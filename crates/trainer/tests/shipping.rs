//! `report`, `inspect --json`, `completions` and `man`.

use crate::common::{Folder, QUICK, houses};

fn model() -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", houses(50));
    folder.done(&format!(
        "train t.csv --target price --out m.safetensors {QUICK}"
    ));
    folder
}

#[test]
fn a_model_is_described_as_json() {
    let folder = model();
    let json = folder.done("inspect m.safetensors --json").json();
    assert_eq!(json["target"]["column"], "price");
    assert_eq!(json["target"]["task"], "regression");
    let columns = json["columns"].as_array().unwrap();
    let role = |name: &str| {
        let column = columns.iter().find(|column| column["name"] == name);
        column.unwrap()["role"].clone()
    };
    assert_eq!(role("size"), "feature");
    assert_eq!(role("price"), "target");
}

#[test]
fn a_report_is_made_of_a_saved_model() {
    let folder = model();
    folder.done("report m.safetensors");
    let alone = String::from_utf8(folder.read("m.html")).unwrap();
    assert!(alone.contains("The importance of the columns was not computed."));
    assert!(alone.contains("<b>validation, ") && alone.contains("RMSE "));
    folder.done("report m.safetensors t.csv --out full.html");
    let full = String::from_utf8(folder.read("full.html")).unwrap();
    assert!(!full.contains("The importance of the columns was not computed."));
    folder.refused("report m.safetensors --out m.safetensors", 2, &["--out"]);
}

#[test]
fn shells_get_completions_and_man_pages() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.done(&format!("completions {shell}")).stdout;
        assert!(script.contains("evaluate"), "{shell}");
    }
    folder.done("man pages");
    assert!(folder.path("pages/trainer.1").exists());
    assert!(folder.path("pages/trainer-predict.1").exists());
}
