//! One reader per format, without opinions: bytes in, documents with the place
//! of everything out. What a document means for a repository is `detect`'s to
//! say, what is wrong with it `lint`'s.

pub mod comment;
pub mod compose;
pub mod dockerfile;
pub mod dotenv;
pub mod ignores;
pub mod nginx;
pub mod path;
pub mod shell;
pub mod text;
