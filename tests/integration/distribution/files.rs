//! Files for other tools.
