//! The database of a stack, asked by what its own image brings.

use std::time::Duration;

use super::engine::Ran;
use super::run::Run;
use super::trouble::Outcome;
use crate::lint::subject::Kind;

/// Longest that one statement may take.
const LIMIT: Duration = Duration::from_secs(30);

/// `$1` to the database as its first user.
const MYSQL: &str = "c=$(command -v mariadb || command -v mysql) || exit 127
p=${MYSQL_ROOT_PASSWORD:-$MARIADB_ROOT_PASSWORD} u=root
[ -n \"$p\" ] || { p=${MYSQL_PASSWORD:-$MARIADB_PASSWORD}; u=${MYSQL_USER:-$MARIADB_USER}; }
MYSQL_PWD=$p exec \"$c\" -N -h 127.0.0.1 -u \"$u\" \"${MYSQL_DATABASE:-${MARIADB_DATABASE:-mysql}}\" -e \"$1\"";

const MYSQL_SCHEMA: &str = "c=$(command -v mariadb-dump || command -v mysqldump) || exit 127
p=${MYSQL_ROOT_PASSWORD:-$MARIADB_ROOT_PASSWORD} u=root
[ -n \"$p\" ] || { p=${MYSQL_PASSWORD:-$MARIADB_PASSWORD}; u=${MYSQL_USER:-$MARIADB_USER}; }
MYSQL_PWD=$p exec \"$c\" --no-data --skip-comments -h 127.0.0.1 -u \"$u\" \"${MYSQL_DATABASE:-${MARIADB_DATABASE:-mysql}}\"";

/// A database that can be written to and read.
#[derive(Clone, Debug)]
pub struct Store {
    /// Its service.
    pub service: String,
    /// What it is.
    pub kind: Kind,
    /// The user of its image's variables.
    pub user: String,
    /// The database of its image's variables.
    pub database: String,
}

impl Store {
    /// The database of the stack.
    ///
    /// # Errors
    /// Why there is none that can be asked.
    pub fn of(run: &Run<'_>) -> Result<Self, String> {
        let Some(service) = run.case.services.iter().find(|own| own.kind.is_database()) else {
            return Err("the stack has no database of its own".into());
        };
        if service.kind == Kind::Mongo {
            return Err(format!(
                "{} is {}, which is not written to here",
                service.name,
                service.kind.word()
            ));
        }
        let environment = run.stack.model.environment(&service.name);
        let text = |name: &str| environment.get(name).copied().flatten().map(str::to_owned);
        let user = text("POSTGRES_USER").unwrap_or_else(|| "postgres".into());
        let database = text("POSTGRES_DB").unwrap_or_else(|| user.clone());
        Ok(Self { service: service.name.clone(), kind: service.kind, user, database })
    }

    /// What a statement gives, without blanks around it; why it did not work.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn sql(&self, run: &Run<'_>, statement: &str) -> Outcome<Result<String, String>> {
        let words = match self.kind {
            Kind::Postgres => vec![
                "psql",
                "-v",
                "ON_ERROR_STOP=1",
                "-qtAX",
                "-U",
                &self.user,
                "-d",
                &self.database,
                "-c",
                statement,
            ],
            _ => vec!["sh", "-c", MYSQL, "sh", statement],
        };
        self.exec(run, &words).await
    }

    /// The schema as its own tool dumps it, without what differs each time.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn schema(&self, run: &Run<'_>) -> Outcome<Result<String, String>> {
        let words = match self.kind {
            Kind::Postgres => {
                vec!["pg_dump", "--schema-only", "-U", &self.user, "-d", &self.database]
            }
            _ => vec!["sh", "-c", MYSQL_SCHEMA],
        };
        Ok(self.exec(run, &words).await?.map(|text| lasting(&text)))
    }

    async fn exec(&self, run: &Run<'_>, words: &[&str]) -> Outcome<Result<String, String>> {
        let Some(container) = run.container(&self.service).await?.filter(|own| own.is_running())
        else {
            return Ok(Err(format!("{} does not run", self.service)));
        };
        Ok(match run.engine.exec(&container.id, None, words, LIMIT).await? {
            Ran { code: Some(0), output } => Ok(output.trim().to_owned()),
            Ran { code: None, .. } => Err(format!("no answer within {} s", LIMIT.as_secs())),
            ran => {
                let line = ran
                    .output
                    .lines()
                    .rev()
                    .find(|own| own.contains("ERROR") || own.contains("FATAL"));
                let line = line.or_else(|| ran.output.lines().next_back());
                Err(line.unwrap_or("it said nothing").trim().to_owned())
            }
        })
    }

    /// Whether it takes statements, at once or within a limit.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn answers_within(&self, run: &Run<'_>, limit: Duration) -> Outcome<bool> {
        let end = tokio::time::Instant::now() + limit;
        loop {
            if self.sql(run, "select 1").await?.is_ok() {
                return Ok(true);
            }
            if tokio::time::Instant::now() > end {
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Writes a row of this run's own.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn mark(&self, run: &Run<'_>, mark: &str) -> Outcome<Result<(), String>> {
        let table = "create table if not exists dockwright_verify (mark varchar(100))";
        if let Err(why) = self.sql(run, table).await? {
            return Ok(Err(why));
        }
        let row = format!("insert into dockwright_verify values ('{mark}')");
        Ok(self.sql(run, &row).await?.map(drop))
    }

    /// How often a row is there.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn count(&self, run: &Run<'_>, mark: &str) -> Outcome<Result<u64, String>> {
        let ask = format!("select count(*) from dockwright_verify where mark = '{mark}'");
        let said = self.sql(run, &ask).await?;
        Ok(said.and_then(|said| said.parse().map_err(|_| format!("it said {said}"))))
    }

    /// Removes the table of [`Store::mark`].
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn forget(&self, run: &Run<'_>) -> Outcome {
        // It may have gone with its volume.
        let _ = self.sql(run, "drop table if exists dockwright_verify").await?;
        Ok(())
    }
}

/// The lines of a dump that say something of the schema.
fn lasting(dump: &str) -> String {
    let says = |line: &&str| {
        let line = line.trim();
        // pg_dump makes up a key for each dump.
        !(line.is_empty()
            || line.starts_with("--")
            || line.starts_with("\\restrict")
            || line.starts_with("\\unrestrict"))
    };
    dump.lines().filter(says).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_is_compared_without_what_is_made_up_for_it() {
        let dump = |key: &str| {
            format!("--\n-- dump\n\\restrict {key}\n\ncreate table a ();\n\\unrestrict {key}\n")
        };
        assert_eq!(lasting(&dump("x")), lasting(&dump("y")));
        assert_eq!(lasting(&dump("x")), "create table a ();");
    }
}
