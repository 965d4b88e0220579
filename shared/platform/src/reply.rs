//! What a handler reads and answers.
/// A request.
pub struct Request {}
/// A reply.
pub type Reply = Result<(), ()>;
