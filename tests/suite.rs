//! All outside tests in one binary, so that SQLite and Lua are linked once.
mod header;
mod c { pub(crate) fn library() -> std::path::PathBuf { std::env::current_exe().expect("x").parent().expect("y").join("librpmadb.so") } }
