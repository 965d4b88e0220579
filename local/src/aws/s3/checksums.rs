//! Checksums: those a caller sends are compared, one is kept, and callers that ask get it.
//!
//! Reference: "Checking object integrity in Amazon S3", Amazon S3 User Guide.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::{S3Error, s3_error};
use serde::{Deserialize, Serialize};

/// An algorithm, by the name S3 has for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Algorithm {
    Crc32,
    Crc32c,
    /// What S3 takes when the caller names none.
    #[default]
    Crc64Nvme,
    Sha1,
    Sha256,
}

/// A checksum that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    pub(super) algorithm: Algorithm,
    /// In base64; of parts, `-` and their number after it.
    pub(super) value: String,
    /// Whether it is of the object as a whole, not of its parts' checksums.
    pub(super) full_object: bool,
}

/// What a caller says of a body.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) md5: Option<String>,
    pub(super) algorithm: Option<Algorithm>,
    pub(super) sums: Vec<(Algorithm, String)>,
}

const HEADERS: [(&str, Algorithm); 5] = [
    ("x-amz-checksum-crc32", Algorithm::Crc32),
    ("x-amz-checksum-crc32c", Algorithm::Crc32c),
    ("x-amz-checksum-crc64nvme", Algorithm::Crc64Nvme),
    ("x-amz-checksum-sha1", Algorithm::Sha1),
    ("x-amz-checksum-sha256", Algorithm::Sha256),
];

impl Algorithm {
    pub(super) fn named(name: &str) -> Option<Self> {
        HEADERS.iter().map(|(_, it)| *it).find(|it| it.name().eq_ignore_ascii_case(name))
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }
}

impl Given {
    /// What the headers, and the trailers after a body in chunks, say.
    pub(super) fn read(headers: &http::HeaderMap, trailers: Option<&s3s::TrailingHeaders>) -> Self {
        let text = |headers: &http::HeaderMap, name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let mut sums = vec![];
        for (name, algorithm) in HEADERS {
            let in_trailers = || trailers?.read(|it| text(it, name))?;
            sums.extend(text(headers, name).or_else(in_trailers).map(|it| (algorithm, it)));
        }
        let algorithm = text(headers, "x-amz-sdk-checksum-algorithm");
        Self {
            md5: text(headers, "content-md5"),
            algorithm: algorithm.and_then(|it| Algorithm::named(&it)),
            sums,
        }
    }

    /// Compares what is said with the body; the entity tag and the checksum to keep.
    pub(super) fn verify(&self, body: &[u8]) -> Result<(String, Sum), S3Error> {
        let md5 = Md5::checksum(body);
        if let Some(said) = &self.md5 {
            let said = BASE64_STANDARD.decode(said).ok().filter(|it| it.len() == md5.as_ref().len());
            let said =
                said.ok_or_else(|| s3_error!(InvalidDigest, "The Content-MD5 you specified was invalid."))?;
            if said != md5.as_ref() {
                return Err(bad_digest("Content-MD5"));
            }
        }
        for (algorithm, said) in &self.sums {
            if sum(*algorithm, body).value != *said {
                return Err(bad_digest(algorithm.name()));
            }
        }
        let kept = self.sums.first().map(|(algorithm, _)| *algorithm).or(self.algorithm).unwrap_or_default();
        Ok((hex::encode(md5), sum(kept, body)))
    }
}

/// The checksum of a whole body.
pub(super) fn sum(algorithm: Algorithm, body: &[u8]) -> Sum {
    let mut hasher = hasher(algorithm);
    hasher.update(body);
    finish(algorithm, hasher)
}

pub(super) fn hasher(algorithm: Algorithm) -> ChecksumHasher {
    let mut hasher = ChecksumHasher::default();
    match algorithm {
        Algorithm::Crc32 => hasher.crc32 = Some(Crc32::new()),
        Algorithm::Crc32c => hasher.crc32c = Some(Crc32c::new()),
        Algorithm::Crc64Nvme => hasher.crc64nvme = Some(Crc64Nvme::new()),
        Algorithm::Sha1 => hasher.sha1 = Some(Sha1::new()),
        Algorithm::Sha256 => hasher.sha256 = Some(Sha256::new()),
    }
    hasher
}

pub(super) fn finish(algorithm: Algorithm, hasher: ChecksumHasher) -> Sum {
    let sums = hasher.finalize();
    let value = match algorithm {
        Algorithm::Crc32 => sums.checksum_crc32,
        Algorithm::Crc32c => sums.checksum_crc32c,
        Algorithm::Crc64Nvme => sums.checksum_crc64nvme,
        Algorithm::Sha1 => sums.checksum_sha1,
        Algorithm::Sha256 => sums.checksum_sha256,
    };
    Sum { algorithm, value: value.expect("the one that was asked for"), full_object: true }
}

/// The checksum of the parts' checksums.
pub(super) fn of_parts(algorithm: Algorithm, parts: &[Sum]) -> Sum {
    let together: Vec<u8> =
        parts.iter().flat_map(|it| BASE64_STANDARD.decode(&it.value).unwrap_or_default()).collect();
    let whole = sum(algorithm, &together);
    Sum { value: format!("{}-{}", whole.value, parts.len()), full_object: false, ..whole }
}

/// The entity tag of an object made of parts with these entity tags.
pub(super) fn etag_of_parts<'a>(parts: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = parts.len();
    let together: Vec<u8> = parts.flat_map(|it| hex::decode(it).unwrap_or_default()).collect();
    format!("{}-{count}", hex::encode(Md5::checksum(&together)))
}

fn bad_digest(which: &str) -> S3Error {
    s3_error!(BadDigest, "The {which} you specified did not match the calculated checksum.")
}

/// Puts a checksum into the field that an answer has for its algorithm.
macro_rules! set_sum {
    ($answer:expr, $sum:expr) => {{
        let value = Some($sum.value.clone());
        match $sum.algorithm {
            $crate::aws::s3::checksums::Algorithm::Crc32 => $answer.checksum_crc32 = value,
            $crate::aws::s3::checksums::Algorithm::Crc32c => $answer.checksum_crc32c = value,
            $crate::aws::s3::checksums::Algorithm::Crc64Nvme => $answer.checksum_crc64nvme = value,
            $crate::aws::s3::checksums::Algorithm::Sha1 => $answer.checksum_sha1 = value,
            $crate::aws::s3::checksums::Algorithm::Sha256 => $answer.checksum_sha256 = value,
        }
    }};
}
/// The same for answers that also say what kind of checksum it is.
macro_rules! set_typed_sum {
    ($answer:expr, $sum:expr) => {{
        $crate::aws::s3::checksums::set_sum!($answer, $sum);
        $answer.checksum_type = Some(s3s::dto::ChecksumType::from_static(if $sum.full_object {
            s3s::dto::ChecksumType::FULL_OBJECT
        } else {
            s3s::dto::ChecksumType::COMPOSITE
        }));
    }};
}
pub(super) use {set_sum, set_typed_sum};
