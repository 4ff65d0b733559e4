//! For each illness: a run that has it, in which just that is found; the same run with the remedy that
//! was printed, in which nothing is.

use crate::common::Folder;
use serde_json::Value;

/// Numbers that look random and are the same everywhere, in `[-1, 1)`.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// A table of three columns `a`, `b` and `c` from -1 to 1, and what follows from them.
fn table(rows: usize, y: impl Fn([f64; 3], &mut Noise) -> String) -> String {
    let mut noise = Noise(7);
    let mut csv = "a,b,c,y\n".to_string();
    for _ in 0..rows {
        let [a, b, c] = [noise.next(), noise.next(), noise.next()];
        let y = y([a, b, c], &mut noise);
        csv += &format!("{a},{b},{c},{y}\n");
    }
    csv
}

/// A smooth surface.
fn surface(rows: usize) -> String {
    table(rows, |[a, b, c], _| {
        format!("{}", (3.0 * a).sin() + b * b - 0.5 * c)
    })
}

/// A plain network, on plain numbers: what the illnesses are known from.
const PLAIN: &str = "--set data.numeric_scaler=standard --set data.bins=0 --set data.target_transform=standard \
    --set data.clip_predictions=false --set data.knn_features=never --set network.activation=relu \
    --set network.dropout=0 --set training.learning_rate=0.003 --set ensemble.members=1";

/// Trains, and returns what `--json` says.
fn train(folder: &Folder, options: &str, settings: &[String]) -> Value {
    let line = format!("train t.csv --target y --json --out m.safetensors {PLAIN} {options}");
    let mut command = folder.command(&line);
    for setting in settings {
        command.args(["--set", setting]);
    }
    let answer = crate::common::Answer::new(command.output().unwrap());
    assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
    answer.json()
}

fn names(result: &Value) -> Vec<String> {
    let findings = result["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|f| f["name"].as_str().unwrap().to_string())
        .collect()
}

/// The settings of all remedies.
fn remedies(result: &Value) -> Vec<String> {
    let findings = result["findings"].as_array().unwrap();
    let settings = findings
        .iter()
        .flat_map(|f| f["settings"].as_array().unwrap());
    settings.map(|s| s.as_str().unwrap().to_string()).collect()
}

/// Sees the illness alone in a run, and nothing in the same run with the remedies, whose score it
/// returns beside the sick one's.
fn falls_ill_and_is_cured(csv: &str, illness: &str, options: &str) -> (Value, Value) {
    let folder = Folder::new();
    folder.write("t.csv", csv);
    let sick = train(&folder, options, &[]);
    assert_eq!(names(&sick), [illness], "{sick:#}");
    let finding = &sick["findings"][0];
    let evidence = finding["evidence"].as_str().unwrap();
    assert!(evidence.contains(char::is_numeric), "{evidence}");
    let settings = remedies(&sick);
    assert!(!settings.is_empty(), "{finding:#}");
    let cured = train(&folder, options, &settings);
    assert!(names(&cured).is_empty(), "with {settings:?}: {cured:#}");
    (sick, cured)
}

fn rmse(result: &Value) -> f64 {
    result["rmse"].as_f64().unwrap()
}

const SGD: &str = "--set training.optimizer.name=sgd --set training.schedule.name=constant";

#[test]
fn the_first_layer_of_twenty_sigmoids_does_not_learn_and_is_made_to() {
    let hidden = format!("--set network.hidden=[{}]", ["16"; 20].join(","));
    let options = format!(
        "{hidden} --set network.activation=sigmoid --set network.initializer=pytorch \
         --set training.epochs=60 --set training.patience=0"
    );
    let (sick, cured) = falls_ill_and_is_cured(&surface(600), "vanishing_gradients", &options);
    assert_eq!(sick["findings"][0]["layer"], "hidden.0");
    assert!(rmse(&cured) < 0.5 * rmse(&sick), "{cured:#}");
    for setting in [
        "network.normalization=batch",
        "network.residual=true",
        "network.initializer=auto",
    ] {
        assert!(remedies(&sick).iter().any(|s| s == setting), "{setting}");
    }
}

#[test]
fn an_exploding_gradient_is_clipped() {
    let hidden = format!("--set network.hidden=[{}]", ["32"; 8].join(","));
    let options = format!(
        "--set training.optimizer.name=sgd {hidden} --set network.initializer=normal(0,0.4) \
         --set training.learning_rate=0.01 --set training.epochs=100"
    );
    let folder = Folder::new();
    folder.write("t.csv", surface(1500));
    let sick = train(&folder, &options, &[]);
    assert_eq!(names(&sick), ["exploding_gradients"], "{sick:#}");
    let clip = "training.clip_norm=1.0".to_string();
    assert!(remedies(&sick).contains(&clip), "{sick:#}");
    let cured = train(&folder, &options, &[clip]);
    assert!(names(&cured).is_empty(), "{cured:#}");
    // The run without clipping has no model at all.
    assert!(rmse(&cured) < 0.5, "{cured:#}");
}

#[test]
fn dead_relus() {
    let options = "--set network.hidden=[32,32] --set network.initializer=uniform(-0.5,-0.1)";
    let (sick, cured) = falls_ill_and_is_cured(&surface(600), "dead_relus", options);
    assert_eq!(sick["findings"][0]["layer"], "hidden.1");
    assert!(rmse(&cured) < 0.5 * rmse(&sick));
}

#[test]
fn saturated_units() {
    let options = format!(
        "{SGD} --set network.hidden=[16,16] --set network.activation=tanh \
         --set network.initializer=normal(0,10) --set training.learning_rate=0.01"
    );
    let (sick, cured) = falls_ill_and_is_cured(&surface(600), "saturated_units", &options);
    assert!(rmse(&cured) < rmse(&sick));
}

#[test]
fn a_learning_rate_that_is_too_high() {
    let options = "--set network.hidden=[32,32] --set training.learning_rate=0.9 \
         --set training.optimizer.name=adam --set training.epochs=40 --set training.patience=0 \
         --set training.schedule.name=constant --set network.activation=silu";
    let options = options.split_whitespace().collect::<Vec<_>>().join(" ");
    let (sick, cured) = falls_ill_and_is_cured(&surface(600), "learning_rate_too_high", &options);
    assert!(rmse(&cured) < rmse(&sick));
}

#[test]
fn a_learning_rate_that_is_too_low() {
    let options = "--set training.learning_rate=0.00001 --set training.epochs=40";
    let folder = Folder::new();
    folder.write("t.csv", surface(600));
    let sick = train(&folder, options, &[]);
    assert_eq!(names(&sick), ["learning_rate_too_low"], "{sick:#}");
    // The remedy is ten times the rate, which may have to be taken more than once.
    let settings = remedies(&sick);
    let better = train(&folder, options, &settings);
    assert!(rmse(&better) < rmse(&sick));
    let auto = train(
        &folder,
        options,
        &["training.learning_rate=auto".to_string()],
    );
    assert!(names(&auto).is_empty(), "{auto:#}");
    assert!(rmse(&auto) < 0.4 * rmse(&sick), "{auto:#}");
}

#[test]
fn divergence() {
    let options = format!(
        "{SGD} --set network.hidden=[16] --set network.activation=identity \
         --set training.learning_rate=2 --set training.epochs=30"
    );
    let plane = table(600, |[a, b, _], _| format!("{}", a - 0.5 * b));
    let (sick, cured) = falls_ill_and_is_cured(&plane, "divergence", &options);
    assert_eq!(sick["stop"], "Diverged");
    assert_eq!(cured["stop"].as_str().map(|s| s != "Diverged"), Some(true));
}

#[test]
fn a_plateau() {
    let checkers = table(800, |[a, b, _], _| {
        format!("{}", f64::from(u8::from(a * b > 0.0)) + 0.5 * a * b)
    });
    let options = format!(
        "{SGD} --set network.hidden=[8,8] --set network.activation=tanh \
         --set network.initializer=normal(0,0.01) --set training.learning_rate=0.05 \
         --set training.epochs=40 --set training.patience=0"
    );
    let (sick, cured) = falls_ill_and_is_cured(&checkers, "plateau", &options);
    assert!(
        rmse(&cured) < 0.7 * rmse(&sick),
        "{} {}",
        rmse(&cured),
        rmse(&sick)
    );
}

#[test]
fn overfitting() {
    let noisy = table(250, |[a, _, _], noise| {
        format!("{}", a + 1.5 * noise.next())
    });
    let options = "--set training.patience=0 --set training.epochs=60 --set data.validation_fraction=0.3 \
         --set training.optimizer.name=adam --set network.hidden=[64,64]";
    let options = options.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, cured) = falls_ill_and_is_cured(&noisy, "overfitting", &options);
    assert!(rmse(&cured) < 1.2);
}

#[test]
fn underfitting() {
    let options = "--set network.hidden=[] --set training.learning_rate=0.01";
    let curved = table(600, |[a, b, _], _| format!("{}", (4.0 * a).cos() + b));
    let (sick, cured) = falls_ill_and_is_cured(&curved, "underfitting", options);
    assert!(rmse(&cured) < 0.5 * rmse(&sick));
}

#[test]
fn a_target_out_of_scale() {
    let prices = table(400, |[a, b, c], _| {
        format!("{}", 200_000.0 + 60_000.0 * a + 20_000.0 * b * c)
    });
    let options = "--set data.target_transform=none";
    let (sick, cured) = falls_ill_and_is_cured(&prices, "target_out_of_scale", options);
    assert!(rmse(&cured) < 0.2 * rmse(&sick));
}

#[test]
fn a_target_that_spans_orders_of_magnitude() {
    let incomes = table(4000, |[a, b, _], noise| {
        format!("{}", (1.2 * (a + b) + 9.0 * noise.next().powi(9)).exp())
    });
    let (sick, cured) =
        falls_ill_and_is_cured(&incomes, "target_out_of_scale", "--set training.epochs=20");
    assert_eq!(remedies(&sick), ["data.target_transform=log"]);
    // The mean of what spans orders of magnitude is far from most of it; the mean of logarithms is not.
    let mae = |result: &Value| result["mae"].as_f64().unwrap();
    assert!(mae(&cured) < mae(&sick), "{cured:#} {sick:#}");
}

#[test]
fn leakage() {
    let mut noise = Noise(3);
    let mut csv = "size,rooms,price_with_tax,y\n".to_string();
    for _ in 0..300 {
        let (size, rooms) = (noise.next(), noise.next());
        let price = 2.0 * size + rooms + noise.next();
        csv += &format!("{size},{rooms},{},{price}\n", 1.19 * price);
    }
    let (sick, cured) = falls_ill_and_is_cured(&csv, "leakage", "");
    assert_eq!(remedies(&sick), ["columns.price_with_tax=ignored"]);
    // The score was too good to be true.
    assert!(rmse(&cured) > 2.0 * rmse(&sick));
}

#[test]
fn class_imbalance() {
    let frauds = table(3000, |[a, b, _], noise| {
        let fraud = a + b + 0.6 * noise.next() > 1.45;
        if fraud { "fraud" } else { "fine" }.to_string()
    });
    let options =
        "--set training.epochs=20 --set network.hidden=[16] --set data.validation_fraction=0.3";
    let (_, cured) = falls_ill_and_is_cured(&frauds, "class_imbalance", options);
    let confusion = &cured["confusion"];
    let fraud = confusion[1][1].as_f64().unwrap()
        / (confusion[1][0].as_f64().unwrap() + confusion[1][1].as_f64().unwrap());
    assert!(fraud > 0.5, "{confusion}");
}

#[test]
fn too_little_data() {
    let folder = Folder::new();
    let options = "--set data.validation_fraction=0.3 --learning-curve";
    folder.write("t.csv", surface(120));
    let sick = train(&folder, options, &[]);
    assert_eq!(names(&sick), ["too_little_data"], "{sick:#}");
    let curve = sick["learning_curve"].as_array().unwrap();
    assert_eq!(curve.len(), 3);
    // The remedy is no setting, but rows.
    folder.write("t.csv", surface(3000));
    let cured = train(&folder, options, &[]);
    assert!(names(&cured).is_empty(), "{cured:#}");
    assert!(rmse(&cured) < 0.5 * rmse(&sick));
}

#[test]
fn steps_learn_by_the_straight_through_gradient() {
    let folder = Folder::new();
    folder.write("t.csv", surface(600));
    let step = "--set network.activation=step --set network.hidden=[64,64]";
    let result = train(&folder, step, &[]);
    // The mean alone would give the deviation, 0.8.
    assert!(rmse(&result) < 0.4, "{result:#}");
}

#[test]
fn what_cannot_be_learned_is_no_fault_of_the_learning_rate() {
    let folder = Folder::new();
    folder.write("t.csv", table(400, |_, noise| format!("{}", noise.next())));
    for options in ["", "--set network.dropout=0.3", "--set training.epochs=10"] {
        let noise = train(&folder, options, &[]);
        let named = names(&noise);
        assert!(
            !named.iter().any(|name| name.contains("learning_rate")),
            "{options}: {noise:#}"
        );
    }
    // A rate that is far too low leaves the loss above that of a constant too.
    folder.write("t.csv", surface(600));
    for rate in ["1e-12", "1e-6"] {
        let options = format!("--set training.learning_rate={rate} --set training.epochs=20");
        let slow = train(&folder, &options, &[]);
        assert_eq!(names(&slow), ["learning_rate_too_low"], "{rate}: {slow:#}");
    }
    let short = "--set network.hidden=[] --set training.epochs=3";
    assert!(!names(&train(&folder, short, &[])).contains(&"learning_rate_too_high".to_string()));
}

#[test]
fn healthy_runs_have_no_finding() {
    let folder = Folder::new();
    for seed in 0..3 {
        let answer = folder.done(&format!("example --json --seed {seed}"));
        for name in ["house-prices", "penguins"] {
            let findings = &answer.json()[name]["findings"];
            assert_eq!(
                findings.as_array().map(Vec::len),
                Some(0),
                "{name}: {findings:#}"
            );
        }
    }
    folder.write("t.csv", surface(600));
    assert!(names(&train(&folder, "", &[])).is_empty());
}

#[test]
fn a_trend_that_goes_on_is_learned_apart() {
    let mut noise = Noise(7);
    let mut csv = "day,a,b,y\n".to_string();
    for day in 0..600 {
        let day = f64::from(day);
        let (a, b) = (day / 100.0 + 0.3 * noise.next(), noise.next());
        let y = 20.0 + day / 20.0 + (3.0 * b).sin() + 0.2 * noise.next();
        csv += &format!("{day},{a},{b},{y}\n");
    }
    let options = "--time day --set network.hidden=[32] --set training.epochs=60 --set data.clip_predictions=true";
    let (sick, cured) = falls_ill_and_is_cured(&csv, "trend_beyond_range", options);
    assert_eq!(remedies(&sick), ["data.trend=true"]);
    let evidence = sick["findings"][0]["evidence"].as_str().unwrap();
    assert!(
        evidence.starts_with("the target rises with the time `day`: in 39 of 60 rows"),
        "{evidence}"
    );
    assert!(
        evidence.contains("predictions are at this value"),
        "{evidence}"
    );
    assert!(rmse(&cured) < 0.5 * rmse(&sick), "{cured:#}");
}

#[test]
fn a_model_with_a_trend_goes_on_and_is_not_exported() {
    let folder = Folder::new();
    let mut csv = "day,a,y\n".to_string();
    for day in 0..200 {
        csv += &format!("{day},{},{}\n", day * 37 % 11, day * 3 + day * 37 % 11);
    }
    folder.write("t.csv", csv);
    let line =
        "train t.csv --target y --time day --set data.trend=true --preset fast --out m.safetensors";
    let shown = folder.done(line);
    assert!(!shown.stdout.contains("trend beyond"), "{}", shown.stdout);
    let inspected = folder.done("inspect m.safetensors").stdout;
    assert!(inspected.contains("the time of the trend"), "{inspected}");
    folder.write("new.csv", "day,a\n400,5\n");
    folder.done("predict m.safetensors new.csv --out p.csv");
    let predicted = String::from_utf8(folder.read("p.csv")).unwrap();
    let predicted: f64 = predicted.lines().nth(1).unwrap().parse().unwrap();
    assert!((predicted - 1205.0).abs() < 40.0, "{predicted}");
    for options in ["--out m.onnx", "--format pytorch --out torch"] {
        let refused = folder.run(&format!("export m.safetensors {options}"));
        let said = &refused.stderr;
        assert!(
            said.contains("the trend of the target over `day` cannot be exported"),
            "{said}"
        );
        assert!(said.contains("data.trend=false"), "{said}");
    }
    // A test table without times is refused before the training.
    folder.write("test.csv", "a,y\n5,1205\n");
    let refused = folder.run(&format!("{line} --test test.csv"));
    let said = refused.stdout.clone() + &refused.stderr;
    assert!(said.contains("test.csv has no column `day`"), "{said}");
    assert!(!said.contains("epoch"), "{said}");
    folder.write("test.csv", "a,day,y\n5,400,1205\n3,401,1206\n");
    folder.done(&format!("{line} --test test.csv"));
    for (options, words) in [
        ("--task regression", "with --time"),
        ("--time day --numeric day", "`day` is a feature"),
        (
            "--time day --set training.loss=poisson",
            "training.loss=auto",
        ),
    ] {
        let refused = folder.run(&format!(
            "train t.csv --target y {options} --set data.trend=true"
        ));
        assert!(
            refused.stderr.contains(words),
            "{options}: {}",
            refused.stderr
        );
    }
}

#[test]
fn without_a_trend_over_time_a_note_says_so() {
    let folder = Folder::new();
    let mut csv = "day,a,y\n".to_string();
    for row in 0..80 {
        // All training rows are of the first day.
        let (day, a) = (if row < 72 { 1 } else { 2 }, row * 37 % 11);
        csv += &format!("{day},{a},{a}.{row:02}\n");
    }
    folder.write("t.csv", csv);
    let line = "train t.csv --target y --task regression --time day --preset fast --out m.safetensors --json";
    let answer = folder.done(&format!("{line} --set data.trend=true"));
    let said = &answer.stderr;
    assert_eq!(
        said.matches("data.trend=true has no effect").count(),
        1,
        "{said}"
    );
    let json = answer.json();
    let mut warnings = json["warnings"].as_array().unwrap().iter();
    assert!(warnings.any(|warning| warning["what"] == "no_trend"));
    let inspected = folder.done("inspect m.safetensors").stdout;
    assert!(!inspected.contains("the time of the trend"), "{inspected}");
    // The time is not needed.
    folder.write("new.csv", "a\n5\n");
    folder.done("predict m.safetensors new.csv --out p.csv");
    assert!(!folder.done(line).stderr.contains("data.trend"));
}
