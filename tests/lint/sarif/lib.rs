//! Nothing: the schema beside the dependency is what is wanted.
