from cyclopts import App

app = App(name="doctor")


@app.default
async def doctor() -> int:
    return 0
