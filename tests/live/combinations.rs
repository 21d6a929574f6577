//! Choices that no preset makes by itself.

use crate::support::stack::Stack;
use crate::verified::Verified;
use crate::work;

#[test]
fn celery_with_a_django_front_behind_nginx_and_a_cache() {
    let stack = Stack::of("celery-postgres-redis")
        .set("stack.framework", "django")
        .set("stack.server", "gunicorn")
        .set("stack.proxy", "nginx")
        .set("stack.cache", "redis")
        .start();
    work::is_ready(&stack, &["database", "cache", "broker"]);
    work::writes_and_reads_a_row(&stack);
    work::runs_a_task(&stack);
    work::serves_the_admin_with_its_styles(&stack);
    stack.stop();
    Verified::of(&stack, &["--only", "start,isolation"]).holds();
}

#[test]
fn flask_on_gunicorn_behind_nginx_with_postgres() {
    let stack = Stack::of("fastapi-gunicorn")
        .set("stack.framework", "flask")
        .set("stack.server", "gunicorn")
        .set("stack.proxy", "nginx")
        .set("stack.database", "postgres")
        .start();
    work::is_ready(&stack, &["database"]);
    work::writes_and_reads_a_row(&stack);
    stack.stop();
    Verified::of(&stack, &["--only", "start,isolation"]).holds();
}

#[test]
fn a_baked_scikit_learn_model_behind_nginx() {
    let stack = Stack::of("ml-server")
        .set("model.runtime", "scikit-learn")
        .set("model.delivery", "bake")
        .set("stack.proxy", "nginx")
        .start();
    work::is_ready(&stack, &["model"]);
    work::predicts(&stack);
    stack.stop();
    Verified::of(&stack, &["--only", "start,isolation"]).holds();
}
