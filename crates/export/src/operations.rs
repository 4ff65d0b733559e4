//! Operations on the values of a graph. Each adds a node.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::attributes::Attribute;
use crate::graph::{Graph, Kind, Value};

macro_rules! binary {
    ($trait:ident, $method:ident, $op:literal) => {
        impl<'g> $trait for Value<'g> {
            type Output = Value<'g>;

            fn $method(self, other: Value<'g>) -> Value<'g> {
                self.graph.op($op, &[self, other], self.kind)
            }
        }

        impl<'g> $trait<f64> for Value<'g> {
            type Output = Value<'g>;

            fn $method(self, other: f64) -> Value<'g> {
                let other = self.graph.scalar(self.kind, other);
                self.graph.op($op, &[self, other], self.kind)
            }
        }
    };
}

binary!(Add, add, "Add");
binary!(Sub, sub, "Sub");
binary!(Mul, mul, "Mul");
binary!(Div, div, "Div");

impl<'g> Neg for Value<'g> {
    type Output = Value<'g>;

    fn neg(self) -> Value<'g> {
        self.same("Neg")
    }
}

impl<'g> Value<'g> {
    /// An operator of one input that keeps the kind: `Abs`, `Exp`, `Floor` and others.
    pub fn same(self, op: &str) -> Self {
        self.graph.op(op, &[self], self.kind)
    }

    /// A comparison with another value: `Less`, `LessOrEqual`, `Greater`, `GreaterOrEqual` or `Equal`.
    pub fn compare(self, op: &str, other: Self) -> Self {
        self.graph.op(op, &[self, other], Kind::Bool)
    }

    /// A comparison with a number.
    pub fn compare_to(self, op: &str, number: f64) -> Self {
        self.compare(op, self.graph.scalar(self.kind, number))
    }

    /// The numbers of another kind.
    pub fn cast(self, kind: Kind) -> Self {
        if kind == self.kind {
            return self;
        }
        let to = Attribute::Int(i32::from(kind.data_type()).into());
        self.graph.with("Cast", &[self], &[("to", to)], kind)
    }

    /// The numbers, limited to a range.
    pub fn clip(self, minimum: f64, maximum: f64) -> Self {
        let limits = [minimum, maximum].map(|limit| self.graph.scalar(self.kind, limit));
        self.graph
            .op("Clip", &[self, limits[0], limits[1]], self.kind)
    }

    /// The larger of two values, element by element.
    pub fn max(self, other: Self) -> Self {
        self.graph.op("Max", &[self, other], self.kind)
    }

    /// The smaller of two values, element by element.
    pub fn min(self, other: Self) -> Self {
        self.graph.op("Min", &[self, other], self.kind)
    }

    /// Where these truth values are true, the first value, otherwise the second.
    pub fn choose(self, yes: Self, no: Self) -> Self {
        self.graph.op("Where", &[self, yes, no], yes.kind)
    }

    /// Whether the numbers are NaN.
    pub fn is_nan(self) -> Self {
        self.graph.op("IsNaN", &[self], Kind::Bool)
    }

    /// The matrix product.
    pub fn matmul(self, other: Self) -> Self {
        self.graph.op("MatMul", &[self, other], self.kind)
    }

    /// Elements of this value at constant or computed indices along an axis.
    pub fn gather(self, indices: Self, axis: i64) -> Self {
        let axis = [("axis", Attribute::Int(axis))];
        self.graph
            .with("Gather", &[self, indices], &axis, self.kind)
    }

    /// Some of the `of` columns of a matrix, in this order.
    pub fn columns(self, indices: &[usize], of: usize) -> Self {
        if indices.iter().copied().eq(0..of) {
            return self;
        }
        let indices: Vec<i64> = indices.iter().map(|&index| index as i64).collect();
        self.gather(self.graph.ints(&indices), 1)
    }

    /// A reduction along an axis, which stays with length 1: `ReduceMax`, `ReduceMin`. Up to opset 17 the
    /// axes of these are an attribute.
    pub fn reduce(self, op: &str, axis: i64) -> Self {
        let axes = [("axes", Attribute::Ints(vec![axis]))];
        self.graph.with(op, &[self], &axes, self.kind)
    }

    /// The sum along an axis, which stays with length 1.
    pub fn sum(self, axis: i64) -> Self {
        let axes = self.graph.ints(&[axis]);
        self.graph.op("ReduceSum", &[self, axes], self.kind)
    }

    /// The same numbers in another shape. -1 is inferred, and 0 keeps a dimension.
    pub fn reshape(self, shape: &[i64]) -> Self {
        let shape = self.graph.ints(shape);
        self.graph.op("Reshape", &[self, shape], self.kind)
    }

    /// The same numbers with a further axis of length 1.
    pub fn unsqueeze(self, axis: i64) -> Self {
        let axes = self.graph.ints(&[axis]);
        self.graph.op("Unsqueeze", &[self, axes], self.kind)
    }

    /// The same numbers with the axes in another order.
    pub fn transpose(self, order: &[i64]) -> Self {
        let order = [("perm", Attribute::Ints(order.to_vec()))];
        self.graph.with("Transpose", &[self], &order, self.kind)
    }

    /// The elements from `start` to `end` along an axis.
    pub fn slice(self, start: usize, end: usize, axis: i64) -> Self {
        let graph = self.graph;
        let inputs = [start as i64, end as i64, axis].map(|number| graph.ints(&[number]));
        let [start, end, axis] = inputs;
        graph.op("Slice", &[self, start, end, axis], self.kind)
    }

    /// The product with a weight matrix `[inputs, outputs]`, plus a bias `[outputs]`.
    pub fn linear(self, weight: Self, bias: Option<Self>) -> Self {
        let inputs: Vec<Self> = [self, weight].into_iter().chain(bias).collect();
        self.graph.op("Gemm", &inputs, self.kind)
    }
}

impl Graph {
    /// Values one after the other along an axis; there must be at least one.
    pub fn concat<'g>(&'g self, values: &[Value<'g>], axis: i64) -> Value<'g> {
        match values {
            [alone] => *alone,
            _ => {
                let axis = [("axis", Attribute::Int(axis))];
                self.with("Concat", values, &axis, values[0].kind)
            }
        }
    }
}
