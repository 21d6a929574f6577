//! Behaviour over whole small repositories.
