//! Signs in code that it writes files, be it known where or not: what `Writable`
//! knows by its path is among them, by the line that it rests on.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall};

use crate::detect::fact::Evidence;
use crate::detect::python::{Imports, Module, string};
use crate::detect::scope;
use crate::detect::tree::Tree;

/// Ends of the full names of what writes a file that it is given, makes a directory, or
/// keeps what it loads from elsewhere.
const WRITERS: [&str; 66] = [
    "makedirs",
    "mkdir",
    "mkfifo",
    "touch",
    "write_text",
    "write_bytes",
    "symlink_to",
    "os.rename",
    "os.replace",
    "shutil.copy",
    "shutil.copy2",
    "shutil.copyfile",
    "shutil.copyfileobj",
    "shutil.copytree",
    "shutil.move",
    "shutil.make_archive",
    "shutil.unpack_archive",
    "extractall",
    "urlretrieve",
    // Of home, where nothing is this user's.
    "Path.home",
    "expanduser",
    // Logs.
    "FileHandler",
    // Tables, pictures, models.
    "to_csv",
    "to_excel",
    "to_parquet",
    "to_pickle",
    "to_feather",
    "to_hdf",
    "savefig",
    "imwrite",
    "imsave",
    "write_image",
    "write_html",
    "joblib.dump",
    "torch.save",
    "save_pretrained",
    "save_model",
    "numpy.save",
    "numpy.savez",
    "numpy.savetxt",
    "save_as",
    // Databases and caches of files.
    "shelve.open",
    "dbm.open",
    "dbm.gnu.open",
    "dbm.dumb.open",
    "sqlite3.connect",
    "aiosqlite.connect",
    "SqliteDatabase",
    "TinyDB",
    "diskcache.Cache",
    "diskcache.FanoutCache",
    "diskcache.Deque",
    "FileSystemCache",
    "FileBasedCache",
    "joblib.Memory",
    "PersistentClient",
    // What is downloaded once.
    "from_pretrained",
    "transformers.pipeline",
    "SentenceTransformer",
    "torch.hub.load",
    "snapshot_download",
    "hf_hub_download",
    "nltk.download",
    "whisper.load_model",
    "spacy.cli.download",
    "load_dataset",
];

/// Programs that code starts may write, too, and browsers do.
const STARTERS: [&str; 14] = [
    "subprocess.run",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.Popen",
    "os.system",
    "os.popen",
    "create_subprocess_exec",
    "create_subprocess_shell",
    "sync_playwright",
    "async_playwright",
    "webdriver.Chrome",
    "webdriver.Firefox",
    "git.Repo.clone_from",
];

/// What a setting says that keeps files: `SESSION_TYPE`, `CACHE_TYPE`, a handler's class.
const SETTINGS: [&str; 5] =
    ["FileHandler", "FileSystemCache", "filesystem", "FileBasedCache", "DiskCache"];

/// What `save` writes in files of these.
const SAVED: [&str; 6] = ["request.files", "FileStorage", "UploadFile", "PIL", "openpyxl", "docx"];

/// A line that says that something is written.
#[derive(Clone, Debug)]
pub struct Sign {
    /// The line.
    pub evidence: Evidence,
    /// Whether it is a setting, beside which the path is set.
    pub is_setting: bool,
}

/// Every sign in the code below a directory.
#[must_use]
pub fn find(tree: &Tree, directory: &str) -> Vec<Sign> {
    let runs = |path: &&str| {
        let by_hand = |part: &str| matches!(part, "management" | "scripts");
        path.ends_with(".py") && scope::counts(path) && !path.split('/').any(by_hand)
    };
    let mut found = Vec::new();
    for module in tree.below(directory).filter(runs).filter_map(|path| tree.python(path)) {
        let saves = SAVED.iter().any(|word| module.text().contains(word));
        let imports = module.imports();
        let mut finder = Finder { module, imports, saves, found: &mut found };
        finder.visit_body(&module.ast.body);
    }
    found
}

struct Finder<'a, 'f> {
    module: &'a Module,
    imports: Imports,
    saves: bool,
    found: &'f mut Vec<Sign>,
}

impl Finder<'_, '_> {
    fn is_sign(&self, call: &ExprCall) -> bool {
        let name = self.imports.resolve(&call.func).or_else(|| match &*call.func {
            Expr::Attribute(attribute) => Some(format!("?.{}", attribute.attr)),
            _ => None,
        });
        let Some(name) = name else { return false };
        let method = name.rsplit('.').next().unwrap_or(&name);
        let ends = |end: &&str| {
            name.strip_suffix(*end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let first = call.arguments.args.first();
        // Everybody writes there.
        let is_temporary = first.and_then(string).is_some_and(|path| {
            ["/tmp/", "/dev/", "/var/tmp/", ":memory:"].iter().any(|own| path.starts_with(own))
        });
        if is_temporary {
            return false;
        }
        let has = |keyword: &str| call.arguments.find_keyword(keyword).is_some();
        let is_writer = WRITERS.iter().chain(&STARTERS).any(ends);
        is_writer
            || match method {
                "open" | "ZipFile" | "GzipFile" | "File" => opens_for_writing(call, &name),
                "basicConfig" => has("filename"),
                "mkdtemp" | "mkstemp" | "TemporaryDirectory" | "NamedTemporaryFile" => has("dir"),
                "save" => self.saves && first.is_some(),
                // loguru's.
                "add" => name == "loguru.logger.add" && first.and_then(string).is_some(),
                _ => method.ends_with("FileHandler"),
            }
    }
}

/// Whether a call opens a file to write to it, or in a mode that is not known.
fn opens_for_writing(call: &ExprCall, name: &str) -> bool {
    let by_name = ["open", "io.open", "aiofiles.open", "codecs.open", "gzip.open"].contains(&name);
    let writes = |mode: &str| {
        mode.len() < 5
            && mode.chars().all(|c| "rwaxbt+".contains(c))
            && mode.contains(['w', 'a', 'x', '+'])
    };
    // A method of a path has the mode first, what opens one by its name second.
    let places = if by_name { 1..2 } else { 0..2 };
    let given = |at: usize| call.arguments.find_argument_value("mode", at);
    places.filter_map(given).any(|mode| string(mode).map_or(by_name, writes))
}

impl<'a> Visitor<'a> for Finder<'_, '_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        let is_sign = match expr {
            Expr::Call(call) => self.is_sign(call),
            Expr::StringLiteral(_) => string(expr).is_some_and(|text| {
                let last = text.rsplit('.').next().unwrap_or(text);
                SETTINGS.iter().any(|own| {
                    last == *own || *own == "FileHandler" && last.ends_with("FileHandler")
                })
            }),
            _ => false,
        };
        if is_sign {
            let is_setting = expr.is_string_literal_expr();
            self.found.push(Sign { evidence: self.module.evidence(expr), is_setting });
        }
        walk_expr(self, expr);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(code: &str) -> Vec<usize> {
        let directory = assert_fs::TempDir::new().unwrap();
        std::fs::write(directory.path().join("app.py"), code).unwrap();
        let tree = Tree::read(directory.path()).unwrap();
        find(&tree, ".").into_iter().map(|own| own.evidence.line).collect()
    }

    #[test]
    fn what_writes_is_a_sign_wherever_it_writes_to() {
        for code in [
            "open(name, 'w')",
            "open(name, mode)",
            "Path(name).open('ab')",
            "path.open('w')",
            "import logging.config\nlogging.config.dictConfig({'handlers': {'f': {'class': 'logging.FileHandler'}}})",
            "from logging.handlers import RotatingFileHandler as R\nR(name)",
            "import logging\nlogging.basicConfig(filename=name)",
            "import shelve\nshelve.open('x')",
            "import dbm\ndbm.open('x')",
            "import sqlite3\nsqlite3.connect(name)",
            "import os\nos.makedirs(os.environ.get('DATA', '/data'))",
            "import tempfile\ntempfile.mkdtemp(dir='work')",
            "from flask import request\nrequest.files['f'].save('up/x')",
            "frame.to_csv('out.csv')",
            "frame.to_pickle(name)",
            "import matplotlib.pyplot as plt\nplt.savefig('p.png')",
            "import cv2\ncv2.imwrite('x.png', y)",
            "import joblib\njoblib.dump(model, 'm')",
            "import torch\ntorch.save(model, 'm')",
            "import torch\ntorch.hub.load('a/b', 'c')",
            "from transformers import pipeline\npipeline('x')",
            "from diskcache import Cache\nCache('x')",
            "from cachelib import FileSystemCache\nFileSystemCache('x')",
            "Cache(app, config={'CACHE_TYPE': 'FileSystemCache'})",
            "SESSION_TYPE = 'filesystem'",
            "import subprocess\nsubprocess.run('mkdir x', shell=True)",
            "from loguru import logger\nlogger.add('x.log')",
        ] {
            assert!(!lines(code).is_empty(), "{code}");
        }
    }

    #[test]
    fn what_reads_or_writes_where_everybody_may_is_none() {
        for code in [
            "open(name)",
            "open(name, 'rb')",
            "Path(name).open()",
            "open('/tmp/x', 'w')",
            "import sqlite3\nsqlite3.connect(':memory:')",
            "import tempfile\ntempfile.mkdtemp()",
            "form.save()",
            "form.save(commit=False)",
            "session.add(order)",
            "import logging\nlogging.basicConfig(level=10)",
            "import logging\nlogging.StreamHandler()",
            "import webbrowser\nwebbrowser.open(address)",
        ] {
            assert_eq!(lines(code), [] as [usize; 0], "{code}");
        }
    }
}
