//! The `.kafka` script: one file that is both what to do and what was answered.
