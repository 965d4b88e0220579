//! What we embed, held against AWS's documentation: each case says the page it is from.
//!
//! The cases in `tests/conformance` are boto3's, and run over ministack too. Those here are the Rust SDK's own: what it makes of an answer
//! that boto3 would take, too.

mod boto3;
mod dynamodb;
mod s3;
mod sqs;
