//! The loss around the weights of a model's network.

use backburn::{Error, SavedModel, Table, Targets};
use backburn_training::{LossSurface, TensorDataset};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::training_settings::criterion;

/// The loss of the first network of a model around its weights, on rows of a table, or a reason why it is not shown. The
/// seed is that of the model.
///
/// # Errors
///
/// The table does not fit the model.
pub(crate) fn loss_surface(
    model: &SavedModel,
    table: &Table,
) -> Result<Result<LossSurface, String>, Error> {
    let Some(network) = model.network.members.first() else {
        return Ok(Err("the model has no network".to_string()));
    };
    if network.hidden.is_empty() {
        return Ok(Err(
            "without hidden layers, the loss has no other minimum".to_string()
        ));
    }
    let device = network.output.weight.val().device();
    let Some(rows) = encoded(model, table, &device)? else {
        return Ok(Err("no row has a target".to_string()));
    };
    let surface = LossSurface::new(network, &rows, &criterion(model), model.summary.seed);
    Ok(match surface {
        Ok(surface) if surface.center().is_finite() => Ok(surface),
        Ok(_) => Err("the loss is infinite".to_string()),
        Err(error) => Err(error.to_string()),
    })
}

/// Rows with a target as the network gets them, at equal distances; `None` if there are none.
fn encoded(
    model: &SavedModel,
    table: &Table,
    device: &Device,
) -> Result<Option<TensorDataset>, Error> {
    let table = model.format.apply_to_table(table)?;
    let targets = Targets::read(&table, &model.target)?;
    let known: Vec<(usize, f64)> = match &targets {
        Targets::Values(values) => {
            let values = values.iter().map(|value| model.target.scale(*value));
            let known = values.enumerate().filter(|(_, value)| value.is_finite());
            known.collect()
        }
        Targets::Classes(classes) => {
            let classes = classes.iter().enumerate();
            let known = classes.filter_map(|(row, class)| Some((row, (*class)? as f64)));
            known.collect()
        }
    };
    let count = known.len().min(LossSurface::MOST_ROWS);
    if count == 0 {
        return Ok(None);
    }
    let chosen = (0..count).map(|index| known[index * known.len() / count]);
    let (rows, targets): (Vec<usize>, Vec<f64>) = chosen.unzip();
    let selected = table.select(table.name(), &rows)?;
    let inputs = model.encoder.encode(&selected)?;
    let inputs = TensorData::new(inputs, [count, model.encoder.width()]);
    let inputs = Tensor::<2>::from_data(inputs, device);
    Ok(Some(match model.target.class_names() {
        None => {
            let values: Vec<f32> = targets.iter().map(|value| *value as f32).collect();
            let values = TensorData::new(values, [count, 1]);
            TensorDataset::regression(inputs, Tensor::<2>::from_data(values, device))
        }
        Some(_) => {
            let classes: Vec<i64> = targets.iter().map(|class| *class as i64).collect();
            let classes = TensorData::new(classes, [count]);
            TensorDataset::classification(inputs, Tensor::<1, Int>::from_data(classes, device))
        }
    }))
}
