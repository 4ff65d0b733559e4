//! Measures how the time of an epoch grows with the number of rows and of parameters.
//!
//! ```console
//! $ cargo run --release -p backburn-report --example growth benchmarks/growth.svg
//! ```
//!
//! Prints a table for each, and draws both with logarithmic axes. The dashed line is linear growth.

use std::ops::ControlFlow;
use std::time::Instant;

use backburn_model::MlpConfig;
use backburn_training::{Callback, EpochReport, TensorDataset, TrainingConfig, TrainingState, fit};
use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use plotters::prelude::*;

type Failure = Box<dyn std::error::Error>;

/// Records when each epoch ended. Stops training after more than five epochs and one second.
struct Clock(Vec<Instant>);

impl Callback for Clock {
    fn on_epoch_end(&mut self, _: &dyn TrainingState, _: &EpochReport) -> ControlFlow<()> {
        self.0.push(Instant::now());
        let long = self.0.len() > 5 && self.0[0].elapsed().as_secs_f64() > 1.0;
        match long {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

/// The number of parameters, and the median time of an epoch in seconds.
fn measure(rows: usize, hidden: &[usize]) -> Result<(usize, f64), Failure> {
    let device = Device::flex();
    device.seed(0);
    let inputs = Tensor::<2>::random([rows, 8], Distribution::Normal(0.0, 1.0), &device);
    let values = inputs.clone().sum_dim(1).sin();
    let network = MlpConfig::new(8, 1).with_hidden(hidden.to_vec());
    let network = network.init(&device)?;
    let parameters = network.num_params();
    let config = TrainingConfig {
        epochs: 200,
        batch_size: Some(256),
        patience: 0,
        ..TrainingConfig::default()
    };
    let mut clock = Clock(vec![Instant::now()]);
    fit(
        network,
        &TensorDataset::regression(inputs, values),
        None,
        &config,
        &mut clock,
    )?;
    // Without the first epoch, which also warms up caches.
    let epochs = clock.0[1..].windows(2);
    let mut seconds: Vec<f64> = epochs
        .map(|pair| (pair[1] - pair[0]).as_secs_f64())
        .collect();
    seconds.sort_by(f64::total_cmp);
    Ok((parameters, seconds[seconds.len() / 2]))
}

fn main() -> Result<(), Failure> {
    let file = std::env::args().nth(1).ok_or("usage: growth FILE.svg")?;
    rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global()?;
    println!("| rows, 8-32-32-1 | seconds an epoch | µs a row |\n| ---: | ---: | ---: |");
    let mut by_rows = Vec::new();
    for power in 3..=7 {
        let rows = 10usize.pow(power);
        let (_, seconds) = measure(rows, &[32, 32])?;
        println!(
            "| {rows} | {seconds:.4} | {:.3} |",
            seconds / rows as f64 * 1e6
        );
        by_rows.push((rows as f64, seconds));
    }
    println!(
        "\n| parameters, 2048 rows | seconds an epoch | ns a parameter |\n| ---: | ---: | ---: |"
    );
    let mut by_parameters = Vec::new();
    for width in [26, 94, 310, 994, 3156] {
        let (parameters, seconds) = measure(2048, &[width, width])?;
        let each = seconds / parameters as f64 * 1e9;
        println!("| {parameters} | {seconds:.4} | {each:.1} |");
        by_parameters.push((parameters as f64, seconds));
    }
    let area = SVGBackend::new(&file, (900, 380)).into_drawing_area();
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(450);
    draw(&left, "rows (8-32-32-1)", &by_rows)?;
    draw(&right, "parameters (2048 rows)", &by_parameters)?;
    area.present()?;
    Ok(())
}

fn draw(
    area: &DrawingArea<SVGBackend, plotters::coord::Shift>,
    name: &str,
    points: &[(f64, f64)],
) -> Result<(), Failure> {
    let (first, last) = (points[0], points[points.len() - 1]);
    // Linear growth through the last point.
    let linear = |x: f64| last.1 * x / last.0;
    let lowest = linear(first.0).min(first.1) / 2.0;
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(
            (first.0 / 1.5..last.0 * 1.5).log_scale(),
            (lowest..last.1 * 2.0).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc(name)
        .y_desc("seconds an epoch")
        .x_label_formatter(&|x| format!("{x:.0e}"))
        .y_label_formatter(&|y| format!("{y:.0e}"))
        .draw()?;
    let line = [first.0, last.0].map(|x| (x, linear(x)));
    chart.draw_series(DashedLineSeries::new(line, 6, 4, BLACK.mix(0.5).into()))?;
    chart.draw_series(LineSeries::new(
        points.iter().copied(),
        BLUE.stroke_width(2),
    ))?;
    let dots = points
        .iter()
        .map(|&point| Circle::new(point, 4, BLUE.filled()));
    chart.draw_series(dots)?;
    Ok(())
}
