/**
 * The types that the page and the `Playground` class of WebAssembly share. This file has no code.
 *
 * @typedef {Record<string, any>} Settings
 *   The settings of a network by name, as in the settings file of `trainer`: hidden, activation, loss, …
 * @typedef {{ name: string, title: string, task: Task, inputs: number, rows: number, about: string,
 *   settings: Settings, target: string, unit: string }} DatasetInfo
 * @typedef {{ name: string, title: string, dataset: string, settings: Settings, about: string }} Preset
 * @typedef {'regression' | 'classification'} Task
 * @typedef {{ name: string, kind: string, missing: number, distinct: number, values: unknown, note: string }} ColumnInfo
 * @typedef {{ rows: number, columns: ColumnInfo[], notes: string[] }} TableInfo
 * @typedef {{ title: string, target: string, unit: string, task: Task, classes: string[],
 *   inputs: { name: string, column: string }[], rows: number, validation_rows: number, layers: number[],
 *   parameters: number, notes: string[], settings: Settings }} About
 *   `rows` includes the validation rows, which come last. `layers` are the inputs, the hidden layers and the outputs.
 * @typedef {{ epoch: number, batch: number, loss: number | null, validation_loss: number | null,
 *   score: number | null, diverged: boolean, finished: boolean }} Progress
 *   `epoch` counts from 1, and is 0 before the first step. `score` is the accuracy or the RMSE on the validation rows.
 *
 * Arrays of weights are by output unit, then by input. Layer 0 reads the inputs, the last layer is the output.
 * @typedef {{ weights: number[][], bias: number[], gradient: number[][], bias_gradient: number[],
 *   activation: number[], delta: number[] }} LayerState
 * @typedef {{ layers: LayerState[] }} NetworkState
 * `dead` and `saturated` are shares of the units of the layer, from 0 to 1.
 * @typedef {{ layer: string, gradient_norm: number, dead: number, saturated: number }} LayerFlow
 * @typedef {{ epoch: number[], loss: number[], validation_loss: number[] }} Curve
 * @typedef {{ index: number[], x: number[][], target: number[], predicted: number[], is_validation: boolean[] }} Points
 * @typedef {{ name: string, sentence: string, remedy: string, settings: Settings }} Finding
 * @typedef {{ network: NetworkState, flow: LayerFlow[], curve: Curve, surface: Float32Array | null,
 *   domain: number[] | null, points: Points | null, findings: Finding[] | null }} Snapshot
 *
 * One row: `z` is the weighted sum of a unit, `a` its activation, `slope` the slope of the activation function, and
 * `delta` the derivative of the loss by z. `normalized` is what enters the activation function: z, or its normalized value.
 * @typedef {{ z: number[], normalized: number[], a: number[], slope: number[], delta: number[] }} RowLayer
 * @typedef {{ index: number, is_validation: boolean, cells: { column: string, text: string }[], inputs: { name: string, value: number }[],
 *   layers: RowLayer[], output: number[], probabilities: number[], prediction: number | string, target: number | string, unit: string,
 *   loss: number, loss_formula: string }} RowState
 * @typedef {{ weight: number, gradient: number, factors: { delta: number, activation: number },
 *   delta_factors: { unit: number, weight: number, delta: number, product: number, residual: boolean }[], slope: number,
 *   finite_difference: number, learning_rate: number, new_weight: number, new_prediction: number | string,
 *   new_loss: number }} EdgeState
 * @typedef {{ bias: number, terms: { from: number, weight: number, activation: number, product: number }[],
 *   z: number, normalized: number, a: number, slope: number, delta: number,
 *   delta_terms: { to: number, weight: number, delta: number, product: number, residual: boolean }[] }} UnitState
 * @typedef {{ column: string, value: string, contribution: number }} Contribution
 */
export {};
