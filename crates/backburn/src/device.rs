//! The device that networks compute on.

use burn::tensor::Device;

/// A Burn device with the name that a model's summary keeps, such as `flex`.
#[derive(Debug, Clone)]
pub struct SelectedDevice {
    /// The backend's name in lower case.
    pub name: String,
    /// The device.
    pub device: Device,
}

impl SelectedDevice {
    /// A device with this name.
    pub fn new(name: impl Into<String>, device: Device) -> Self {
        let name = name.into();
        Self { name, device }
    }
}

impl From<Device> for SelectedDevice {
    /// Takes the name from the device: `Flex(..)` is `flex`.
    fn from(device: Device) -> Self {
        let debug = format!("{device:?}");
        let inner = debug.strip_prefix("Device<").unwrap_or(&debug);
        let name: String = inner.chars().take_while(|c| c.is_alphanumeric()).collect();
        Self::new(name.to_lowercase(), device)
    }
}

impl Default for SelectedDevice {
    /// Burn's default device: that of the backends compiled in, or of the variable `BURN_DEVICE`.
    fn default() -> Self {
        Device::default().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_the_name_of_its_backend() {
        assert_eq!(SelectedDevice::from(Device::flex()).name, "flex");
    }

    #[test]
    fn the_name_may_be_chosen() {
        let device = SelectedDevice::new("processor", Device::flex());
        assert_eq!(device.name, "processor");
    }

    #[test]
    fn the_name_of_the_default_device_is_a_word_in_lower_case() {
        let name = SelectedDevice::default().name;
        let is_plain = |c: char| c.is_alphanumeric() && !c.is_uppercase();
        assert!(!name.is_empty() && name.chars().all(is_plain), "{name}");
    }
}
