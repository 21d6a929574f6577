import environ

environ.Env.read_env(".env")
