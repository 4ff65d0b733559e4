//! Gradient clipping.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Bounds on the gradient, which keep it from exploding. If both are set, elements are clipped first
/// and the norm after that. [`TrainingConfig::clipping`](crate::TrainingConfig::clipping) makes one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Clipping {
    /// The largest absolute value of an element, as in PyTorch's `clip_grad_value_`.
    pub value: Option<f64>,
    /// The largest Euclidean norm of the gradient of all parameters together, as in PyTorch's
    /// `clip_grad_norm_` (Pascanu and others, 2013). Burn's own clipping bounds the norm of each
    /// parameter by itself.
    pub norm: Option<f64>,
}

impl Clipping {
    /// Clips the gradients of a network.
    pub fn clip<M: Module>(&self, network: &M, mut gradients: GradientsParams) -> GradientsParams {
        if let Some(bound) = self.value {
            let gradients = &mut gradients;
            network.visit(&mut Clamp { gradients, bound });
        }
        if let Some(bound) = self.norm {
            let mut squares = SquaredNorm {
                gradients: &gradients,
                sum: None,
            };
            network.visit(&mut squares);
            if let Some(sum) = squares.sum {
                let factor = ((sum.sqrt() + 1e-6).recip() * bound).clamp_max(1.0);
                let gradients = &mut gradients;
                network.visit(&mut Scale { gradients, factor });
            }
        }
        gradients
    }
}

struct Clamp<'a> {
    gradients: &'a mut GradientsParams,
    bound: f64,
}

impl ModuleVisitor for Clamp<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let clamped = gradient.clamp(-self.bound, self.bound);
            self.gradients.register(param.id, clamped);
        }
    }
}

struct SquaredNorm<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for SquaredNorm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let squares = gradient.square().sum();
            self.sum = Some(match self.sum.take() {
                Some(sum) => sum + squares,
                None => squares,
            });
        }
    }
}

struct Scale<'a> {
    gradients: &'a mut GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let scaled = gradient * self.factor.clone().unsqueeze();
            self.gradients.register(param.id, scaled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Device;

    fn clipped(clipping: Clipping) -> Vec<f32> {
        let device = Device::default().autodiff();
        let linear: Linear = LinearConfig::new(2, 1).init(&device);
        let input = Tensor::<2>::from_floats([[3.0, -4.0]], &device);
        let gradients = linear.forward(input).sum().backward();
        let gradients = GradientsParams::from_grads(gradients, &linear);
        let gradients = clipping.clip(&linear, gradients);
        let weight = gradients.get::<2>(linear.weight.id).unwrap();
        let bias = gradients
            .get::<1>(linear.bias.as_ref().unwrap().id)
            .unwrap();
        let mut all = weight.into_data().try_to_vec::<f32>().unwrap();
        all.extend(bias.into_data().try_to_vec::<f32>().unwrap());
        all
    }

    #[test]
    fn values_and_norms_are_bounded() {
        let (none, value, norm) = (None, Some(2.0), Some(1.0));
        assert_eq!(
            clipped(Clipping {
                value: none,
                norm: none
            }),
            [3.0, -4.0, 1.0]
        );
        assert_eq!(clipped(Clipping { value, norm: none }), [2.0, -2.0, 1.0]);
        let length: f32 = clipped(Clipping { value: none, norm })
            .iter()
            .map(|g| g * g)
            .sum();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
        let long = Clipping {
            value: none,
            norm: Some(100.0),
        };
        assert_eq!(clipped(long), [3.0, -4.0, 1.0]);
    }
}
