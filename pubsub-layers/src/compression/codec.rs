//! The encodings: [`Encoding`].

use std::io::{self, Read};

use bytes::Bytes;

/// How a payload is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// zstd (RFC 8878).
    #[cfg(feature = "zstd")]
    Zstd,
    /// lz4, in its frame format.
    #[cfg(feature = "lz4")]
    Lz4,
}

/// No frame may ask for a larger window than this to be read: 8 MiB, which RFC 8878 asks every decoder to take.
#[cfg(feature = "zstd")]
const MAX_WINDOW_LOG: u32 = 23;

impl Encoding {
    /// The name in the header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            #[cfg(feature = "zstd")]
            Self::Zstd => "zstd",
            #[cfg(feature = "lz4")]
            Self::Lz4 => "lz4",
        }
    }

    /// The one of this name, if its feature is on.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name.trim() {
            #[cfg(feature = "zstd")]
            name if name.eq_ignore_ascii_case("zstd") => Some(Self::Zstd),
            #[cfg(feature = "lz4")]
            name if name.eq_ignore_ascii_case("lz4") => Some(Self::Lz4),
            _ => None,
        }
    }

    pub(super) fn encode(self, payload: &[u8]) -> io::Result<Bytes> {
        match self {
            #[cfg(feature = "zstd")]
            Self::Zstd => zstd::bulk::compress(payload, zstd::DEFAULT_COMPRESSION_LEVEL).map(Bytes::from),
            #[cfg(feature = "lz4")]
            Self::Lz4 => {
                use std::io::Write as _;
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(payload)?;
                encoder.finish().map(Bytes::from).map_err(io::Error::other)
            }
        }
    }

    /// Reads no more than `limit` bytes, however much there would be.
    pub(super) fn decode(self, encoded: &[u8], limit: usize) -> io::Result<Bytes> {
        match self {
            #[cfg(feature = "zstd")]
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(encoded)?;
                decoder.window_log_max(MAX_WINDOW_LOG)?;
                bounded(decoder, limit)
            }
            #[cfg(feature = "lz4")]
            Self::Lz4 => bounded(lz4_flex::frame::FrameDecoder::new(encoded), limit),
        }
    }
}

fn bounded(decoder: impl Read, limit: usize) -> io::Result<Bytes> {
    let mut decoded = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(most).read_to_end(&mut decoded)?;
    if decoded.len() > limit {
        return Err(io::Error::other("it is larger than the limit"));
    }
    Ok(decoded.into())
}

#[cfg(all(test, feature = "zstd", feature = "lz4"))]
mod tests {
    use super::*;

    const BOTH: [Encoding; 2] = [Encoding::Zstd, Encoding::Lz4];

    #[test]
    fn what_is_encoded_is_decoded() {
        for encoding in BOTH {
            for size in [0, 1, 100, 1_000_000] {
                let payload: Vec<u8> =
                    (0..size).map(|at: u32| at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).collect();
                let encoded = encoding.encode(&payload).unwrap();
                assert_eq!(encoding.decode(&encoded, 1_000_000).unwrap(), payload, "{encoding:?} {size}");
            }
        }
    }

    #[test]
    fn more_than_the_limit_is_an_error() {
        for encoding in BOTH {
            let bomb = encoding.encode(&vec![0; 50_000_000]).unwrap();
            assert!(bomb.len() < 500_000, "{encoding:?}: {}", bomb.len());
            assert!(encoding.decode(&bomb, 1000).is_err());
            assert!(encoding.decode(&bomb, 50_000_000).is_ok());
            assert!(encoding.decode(&bomb, 49_999_999).is_err());
        }
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_an_error() {
        for encoding in BOTH {
            let encoded = encoding.encode(&[7; 10_000]).unwrap();
            assert!(encoding.decode(&encoded[..encoded.len() / 2], 20_000).is_err(), "{encoding:?}");
            assert!(encoding.decode(b"not compressed at all", 20_000).is_err(), "{encoding:?}");
        }
    }

    #[test]
    fn names_are_read_in_any_case() {
        assert_eq!(Encoding::named("ZSTD"), Some(Encoding::Zstd));
        assert_eq!(Encoding::named("lz4"), Some(Encoding::Lz4));
        assert_eq!(Encoding::named("gzip"), None);
    }
}
