//! What a model file keeps for further learning.

use backburn_preprocessing::{Encoder, Target};
use serde::{Deserialize, Serialize};

use super::remember::Remember;
use super::stored_rows::StoredRows;

/// What a model keeps of its training, for training further on new rows: some rows, how much each parameter matters
/// for them, and the scores of the tasks so far. A model has it only if that was asked for, because it holds training rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// How earlier rows are protected, unless an update says otherwise.
    pub remember: Remember,
    /// The tasks so far, in order: the first training, then each update.
    pub tasks: Vec<PastTask>,
    /// The number of training rows that [`replay`](Self::replay) is a sample of.
    #[serde(default)]
    pub seen: usize,
    /// The number of training rows that [`fisher`](Self::fisher) is of.
    #[serde(default)]
    pub fisher_rows: usize,
    /// A random sample of the training rows so far.
    #[serde(skip)]
    pub replay: StoredRows,
    /// Rows of each task that were not trained on; they score the tasks.
    #[serde(skip)]
    pub held_out: StoredRows,
    /// For each network the diagonal of the Fisher information of its parameters. Empty if it is not kept.
    #[serde(skip)]
    pub fisher: Vec<Vec<f32>>,
}

/// A training or an update of a model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastTask {
    /// The table.
    pub table: String,
    /// The number of training rows.
    pub rows: usize,
    /// The number of its rows in [`Memory::held_out`].
    pub held_out: usize,
    /// The score on these rows after this task, and after each later one. `None` where it is not defined.
    pub scores: Vec<Option<f64>>,
}

/// The names of the tensors are part of the file format.
const REPLAY: &str = "memory.replay";
const HELD_OUT: &str = "memory.held_out";

fn fisher_name(network: usize) -> String {
    format!("memory.fisher.{network}")
}

/// Reads a tensor of a file by its name: its numbers, and their number in a row. `None` if there is no such matrix.
pub(crate) type ReadTensor<'a> = dyn Fn(&str) -> Option<(Vec<f32>, usize)> + 'a;

impl Memory {
    /// The number of training and held-out rows in the file.
    pub fn rows(&self) -> usize {
        self.replay.rows() + self.held_out.rows()
    }

    /// The matrices that the serialized form leaves out: their names, their numbers and the numbers in a row.
    pub(crate) fn tensors(&self) -> Vec<(String, &[f32], usize)> {
        let rows = [(REPLAY, &self.replay), (HELD_OUT, &self.held_out)].into_iter();
        let rows = rows.filter(|(_, rows)| !rows.is_empty());
        let rows = rows.map(|(name, rows)| {
            let (numbers, width) = rows.numbers();
            (name.to_string(), numbers, width)
        });
        let fisher = self.fisher.iter().enumerate();
        let fisher = fisher.map(|(network, numbers)| {
            let width = numbers.len();
            (fisher_name(network), numbers.as_slice(), width)
        });
        rows.chain(fisher).collect()
    }

    /// Puts the matrices of [`tensors`](Self::tensors) into a deserialized memory.
    pub(crate) fn read_tensors(&mut self, networks: usize, read: &ReadTensor) {
        let rows = |name: &str| {
            let (numbers, width) = read(name)?;
            StoredRows::from_numbers(numbers, width)
        };
        self.replay = rows(REPLAY).unwrap_or_default();
        self.held_out = rows(HELD_OUT).unwrap_or_default();
        let fisher = (0..networks).map_while(|network| read(&fisher_name(network)));
        self.fisher = fisher.map(|(numbers, _)| numbers).collect();
    }

    /// Why it does not fit a model, if it does not; `parameters` has the number of those of each network. Used for
    /// files, which may hold anything.
    pub(crate) fn problem(
        &self,
        encoder: &Encoder,
        target: &Target,
        parameters: &[usize],
    ) -> Option<String> {
        let tasks = self.tasks.len();
        for rows in [&self.replay, &self.held_out] {
            if let Some(problem) = rows.problem(encoder, target, tasks) {
                return Some(problem);
            }
        }
        let fits = |(fisher, &parameters): (&Vec<f32>, &usize)| {
            fisher.len() == parameters && fisher.iter().all(|f| f.is_finite() && *f >= 0.0)
        };
        let all = self.fisher.is_empty() || self.fisher.len() == parameters.len();
        if !all || !self.fisher.iter().zip(parameters).all(fits) {
            return Some("its Fisher information does not fit its networks".to_string());
        }
        let mut times = self.tasks.iter().enumerate();
        let in_time = times.all(|(task, past)| past.scores.len() == tasks - task);
        let is_usable = self.remember.is_usable() && in_time;
        (!is_usable).then(|| "its scores of earlier tasks contradict each other".to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tensors_are_read_again() {
        let mut replay = StoredRows::new(1);
        replay.push(0, 1.0, 1.0, &[0.5]);
        let memory = Memory {
            remember: Remember::REPLAY,
            replay,
            fisher: vec![vec![0.5, 0.25], vec![0.0, 1.0]],
            ..Memory::default()
        };
        let json = serde_json::to_string(&memory).unwrap();
        let mut again: Memory = serde_json::from_str(&json).unwrap();
        assert_ne!(again, memory);
        let tensors = memory.tensors();
        assert_eq!(tensors.len(), 3);
        again.read_tensors(2, &|wanted| {
            let mut tensors = tensors.iter();
            let (_, numbers, width) = tensors.find(|(name, ..)| name == wanted)?;
            Some((numbers.to_vec(), *width))
        });
        assert_eq!(again, memory);
    }
}
