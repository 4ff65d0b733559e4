//! Reading the bytes of a model file that is not trusted: no more than its header claims.

use std::io::{self, Read};

use safetensors::tensor::Metadata;

/// The bytes of the length of the header.
const LENGTH: u64 = 8;
/// So much is read of a file whose header is too long, to tell a damaged model from something else.
const BEGINNING: u64 = 4096;
/// A longer header is none: this is the limit of the format.
pub(crate) const LONGEST_HEADER: u64 = 100_000_000;

/// Reads a safetensors file that is not trusted, and one byte more if the file does not end there. Of what does not begin like such a
/// file, only the beginning is read. So a device without end is no danger.
///
/// # Errors
///
/// The file cannot be read.
pub fn read_model_bytes(mut from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.by_ref().take(LENGTH).read_to_end(&mut bytes)?;
    let Ok(length) = <[u8; 8]>::try_from(bytes.as_slice()) else {
        return Ok(bytes);
    };
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER {
        from.take(BEGINNING).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    from.by_ref().take(length).read_to_end(&mut bytes)?;
    let header = &bytes[LENGTH as usize..];
    let data = match serde_json::from_slice::<Metadata>(header) {
        Ok(header) => header.data_len() as u64,
        Err(_) => 0,
    };
    from.take(data.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use safetensors::tensor::TensorView;
    use safetensors::{Dtype, SafeTensors};

    use super::*;

    #[test]
    fn a_whole_file_is_read_and_no_more_than_a_byte_after_it() {
        let data = [0; 40];
        let view = TensorView::new(Dtype::F32, vec![10], &data).unwrap();
        let about = HashMap::from([("a".to_string(), "b".to_string())]);
        let file = safetensors::serialize([("weight", view)], Some(about)).unwrap();
        assert_eq!(read_model_bytes(file.as_slice()).unwrap(), file);
        let endless = file.as_slice().chain(io::repeat(0));
        let read = read_model_bytes(endless).unwrap();
        assert_eq!(read.len(), file.len() + 1);
        assert!(SafeTensors::deserialize(&read).is_err());
        let cut = &file[..file.len() - 3];
        assert_eq!(read_model_bytes(cut).unwrap(), cut);
    }

    #[test]
    fn an_endless_source_of_something_else_ends() {
        for byte in [0, 1, b'a', 0xff] {
            let read = read_model_bytes(io::repeat(byte)).unwrap();
            assert!(read.len() < 5000, "{byte}: {}", read.len());
        }
    }
}
