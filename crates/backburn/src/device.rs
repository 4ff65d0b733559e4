//! The device that networks compute on.

use backburn_table::catch_panic;
use burn::tensor::Device;

use crate::error::Error;
use crate::model_file_error::ModelFileError;

/// A Burn device with the name that a model's summary keeps, such as `flex`.
///
/// The [default](Self::default) is Burn's default device. Where no backend of Burn is compiled in, there is
/// none, and what needs a device returns an error.
#[derive(Debug, Clone)]
pub struct SelectedDevice {
    name: String,
    device: Option<Device>,
}

impl SelectedDevice {
    /// A device with this name.
    pub fn new(name: impl Into<String>, device: Device) -> Self {
        Self {
            name: name.into(),
            device: Some(device),
        }
    }

    /// No device, where no backend is compiled in.
    pub(crate) fn none() -> Self {
        Self {
            name: "none".to_string(),
            device: None,
        }
    }

    /// The backend's name in lower case, or `none`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The device.
    ///
    /// # Errors
    ///
    /// No backend of Burn is compiled in.
    pub fn get(&self) -> Result<&Device, Error> {
        let device = self.device.as_ref();
        device.ok_or_else(|| ModelFileError::NoBackend.into())
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
        // Burn panics where there is no backend, and cannot be asked for it.
        catch_panic(Device::default).map_or_else(Self::none, Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_the_name_of_its_backend() {
        assert_eq!(SelectedDevice::from(Device::flex()).name(), "flex");
    }

    #[test]
    fn the_name_may_be_chosen() {
        let device = SelectedDevice::new("processor", Device::flex());
        assert_eq!(device.name(), "processor");
        assert!(device.get().is_ok());
    }

    #[test]
    fn the_name_of_the_default_device_is_a_word_in_lower_case() {
        let device = SelectedDevice::default();
        let name = device.name();
        let is_plain = |c: char| c.is_alphanumeric() && !c.is_uppercase();
        assert!(!name.is_empty() && name.chars().all(is_plain), "{name}");
    }

    #[test]
    fn without_a_backend_there_is_an_error() {
        let error = SelectedDevice::none().get().unwrap_err().to_string();
        assert!(
            error.contains("no backend of Burn is compiled in"),
            "{error}"
        );
    }
}
