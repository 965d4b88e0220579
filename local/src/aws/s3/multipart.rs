//! Uploads in parts, as callers see them.

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, ETag, ListPartsInput, ListPartsOutput, Part as PartAnswer, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3Error, S3Result, s3_error};

use super::checksums::{self, Algorithm, Given, Sum, set_sum, set_typed_sum};
use super::conditions::{WriteCondition, WriteRefused, timestamp};
use super::index::{Head, Written};
use super::objects::{counted, head_of};
use super::reading::{shown_id, signed};
use super::store::{Store, now_ms};
use super::uploads::{Part, Upload};

/// The numbers that parts may have.
const PART_NUMBERS: std::ops::RangeInclusive<i32> = 1..=10_000;
/// What every part but the last must have.
const PART_MIN_BYTES: u64 = 5 * 1024 * 1024;
const PARTS_PAGE_MAX: usize = 1_000;

impl Store {
    pub(super) fn create_upload(
        &self,
        input: &CreateMultipartUploadInput,
    ) -> S3Result<CreateMultipartUploadOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let algorithm = match &input.checksum_algorithm {
            Some(name) => {
                let algorithm = Algorithm::named(name.as_str());
                Some(algorithm.ok_or_else(|| {
                    s3_error!(InvalidRequest, "There is no checksum algorithm of that name")
                })?)
            }
            None => None,
        };
        let asked = input.checksum_type.as_ref().map(|it| it.as_str() == ChecksumType::FULL_OBJECT);
        let upload = Upload {
            id: uuid::Uuid::new_v4().simple().to_string(),
            bucket: bucket.name,
            key: input.key.clone(),
            head: head_of!(input),
            algorithm,
            full_object: asked.unwrap_or(matches!(algorithm, None | Some(Algorithm::Crc64Nvme))),
        };
        self.index().begin_upload(&upload).map_err(S3Error::internal_error)?;
        Ok(CreateMultipartUploadOutput {
            bucket: Some(upload.bucket),
            key: Some(upload.key),
            upload_id: Some(upload.id),
            checksum_algorithm: algorithm.map(|it| ChecksumAlgorithm::from_static(it.name())),
            checksum_type: algorithm.map(|_| kind(upload.full_object)),
            ..CreateMultipartUploadOutput::default()
        })
    }

    pub(super) async fn upload_part(
        &self,
        input: &UploadPartInput,
        given: &Given,
        body: &[u8],
    ) -> S3Result<UploadPartOutput> {
        if !PART_NUMBERS.contains(&input.part_number) {
            return Err(s3_error!(
                InvalidArgument,
                "Part number must be an integer between 1 and 10000, inclusive"
            ));
        }
        let upload = self.upload(&input.bucket, &input.key, &input.upload_id)?;
        let given = Given {
            algorithm: given.algorithm.or(upload.algorithm),
            sums: given.sums.clone(),
            md5: given.md5.clone(),
        };
        let (etag, sum) = given.verify(body)?;
        if upload.algorithm.is_some_and(|it| it != sum.algorithm) {
            return Err(s3_error!(
                InvalidRequest,
                "Checksum Type mismatch occurred, expected another algorithm"
            ));
        }
        let file = self.write(body).await?;
        let (number, size) = (input.part_number, body.len() as u64);
        let part = Part { number, file: file.clone(), size, etag, sum, modified_ms: now_ms() };
        let replaced = self.index().put_part(&upload.id, &part).map_err(S3Error::internal_error)?;
        let Some(replaced) = replaced else {
            self.discard(vec![file]).await;
            return Err(WriteRefused::NoSuchUpload.into());
        };
        self.discard(replaced).await;
        let mut answer =
            UploadPartOutput { e_tag: Some(ETag::Strong(part.etag)), ..UploadPartOutput::default() };
        set_sum!(answer, part.sum);
        Ok(answer)
    }

    pub(super) async fn complete_upload(
        &self,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let upload = self.upload(&input.bucket, &input.key, &input.upload_id)?;
        let there =
            self.index().parts(&upload.id, 0, usize::from(u16::MAX)).map_err(S3Error::internal_error)?;
        let parts = chosen(there, input.multipart_upload.and_then(|it| it.parts).unwrap_or_default())?;
        let (file, sum) = self.assemble(&upload, &parts).await?;
        let written = Written {
            file: file.clone(),
            size: parts.iter().map(|it| it.size).sum(),
            etag: checksums::etag_of_parts(parts.iter().map(|it| it.etag.as_str())),
            head: Head { sum: Some(sum), ..upload.head.clone() },
        };
        let condition = WriteCondition { if_match: input.if_match, if_none_match: input.if_none_match };
        let changed = self.index().complete(&upload, written, &condition, now_ms());
        let (version, versioning) = self.settle(changed, &file).await?;
        let mut answer = CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", bucket.name, upload.key)),
            e_tag: Some(ETag::Strong(version.etag.clone())),
            version_id: shown_id(versioning, &version),
            bucket: Some(bucket.name),
            key: Some(upload.key),
            ..CompleteMultipartUploadOutput::default()
        };
        if let Some(sum) = &version.head.sum {
            set_typed_sum!(answer, sum);
        }
        Ok(answer)
    }

    async fn assemble(&self, upload: &Upload, parts: &[Part]) -> S3Result<(String, Sum)> {
        let algorithm = upload.algorithm.unwrap_or_default();
        let mut whole = checksums::hasher(algorithm);
        let files: Vec<(String, u64)> = parts.iter().map(|it| (it.file.clone(), it.size)).collect();
        let file = self.join(&files, |bytes| whole.update(bytes)).await?;
        let sum = match upload.full_object {
            true => checksums::finish(algorithm, whole),
            false => {
                checksums::of_parts(algorithm, &parts.iter().map(|it| it.sum.clone()).collect::<Vec<_>>())
            }
        };
        Ok((file, sum))
    }

    pub(super) async fn abort_upload(
        &self,
        input: &AbortMultipartUploadInput,
    ) -> S3Result<AbortMultipartUploadOutput> {
        self.bucket(&input.bucket)?;
        let upload = self.upload(&input.bucket, &input.key, &input.upload_id)?;
        let loose = self.index().abort(&upload.id).map_err(S3Error::internal_error)?;
        self.discard(loose).await;
        Ok(AbortMultipartUploadOutput::default())
    }

    pub(super) fn list_parts(&self, input: ListPartsInput) -> S3Result<ListPartsOutput> {
        self.bucket(&input.bucket)?;
        let upload = self.upload(&input.bucket, &input.key, &input.upload_id)?;
        let max =
            usize::try_from(input.max_parts.unwrap_or(i32::MAX)).unwrap_or_default().min(PARTS_PAGE_MAX);
        let after = input.part_number_marker.unwrap_or_default();
        let mut parts = self.index().parts(&upload.id, after, max + 1).map_err(S3Error::internal_error)?;
        let more = parts.len() > max;
        parts.truncate(max);
        Ok(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            max_parts: Some(counted(max)?),
            is_truncated: Some(more),
            next_part_number_marker: parts.last().map(|it| it.number).filter(|_| more),
            part_number_marker: input.part_number_marker,
            checksum_algorithm: upload.algorithm.map(|it| ChecksumAlgorithm::from_static(it.name())),
            checksum_type: upload.algorithm.map(|_| kind(upload.full_object)),
            parts: Some(parts.into_iter().map(part_answer).collect::<S3Result<_>>()?),
            ..ListPartsOutput::default()
        })
    }

    fn upload(&self, bucket: &str, key: &str, id: &str) -> S3Result<Upload> {
        let upload = self.index().upload(bucket, key, id).map_err(S3Error::internal_error)?;
        upload.ok_or_else(|| WriteRefused::NoSuchUpload.into())
    }
}

/// The parts that the caller names, each as it was uploaded last.
fn chosen(there: Vec<Part>, named: Vec<CompletedPart>) -> S3Result<Vec<Part>> {
    let numbers: Vec<i32> = named.iter().map(|it| it.part_number.unwrap_or_default()).collect();
    if numbers.is_empty() {
        return Err(s3_error!(MalformedXML, "You must specify at least one part"));
    }
    if !numbers.is_sorted_by(|left, right| left < right) {
        return Err(s3_error!(InvalidPartOrder, "The list of parts was not in ascending order."));
    }
    let mut parts = vec![];
    for part in named {
        let found = there.iter().find(|it| Some(it.number) == part.part_number);
        let found = found.filter(|it| part.e_tag.as_ref().is_some_and(|etag| etag.value() == it.etag));
        let missing = || s3_error!(InvalidPart, "One or more of the specified parts could not be found.");
        parts.push(found.ok_or_else(missing)?.clone());
    }
    let all_but_last = parts.split_last().map_or(&[][..], |(_, others)| others);
    if all_but_last.iter().any(|it| it.size < PART_MIN_BYTES) {
        return Err(s3_error!(
            EntityTooSmall,
            "Your proposed upload is smaller than the minimum allowed size"
        ));
    }
    Ok(parts)
}

fn part_answer(part: Part) -> S3Result<PartAnswer> {
    let mut answer = PartAnswer {
        e_tag: Some(ETag::Strong(part.etag)),
        last_modified: Some(timestamp(part.modified_ms)),
        part_number: Some(part.number),
        size: Some(signed(part.size)?),
        ..PartAnswer::default()
    };
    set_sum!(answer, part.sum);
    Ok(answer)
}

const fn kind_name(full_object: bool) -> &'static str {
    if full_object { ChecksumType::FULL_OBJECT } else { ChecksumType::COMPOSITE }
}

fn kind(full_object: bool) -> ChecksumType {
    ChecksumType::from_static(kind_name(full_object))
}
