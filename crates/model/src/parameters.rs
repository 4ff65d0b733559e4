//! Drawing the initial values of a module's parameters in a fixed order.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// Draws the initial values of all parameters now, in the order of the module's fields.
///
/// Burn draws a parameter when it is first read. Without this, the weights of a network would
/// depend on which layer is read first, and not on the seed alone.
pub(crate) fn initialize_parameters<M: Module>(module: &M) {
    module.visit(&mut Initialize);
}

struct Initialize;

impl ModuleVisitor for Initialize {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        param.val();
    }
}
