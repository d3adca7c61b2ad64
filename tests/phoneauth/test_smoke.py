def test_login(app, phoneauth_login):
    client = app.test_client()
    answer = phoneauth_login(client)
    assert answer["new_user"] is True
    assert client.get("/mine").text == "mine"
    assert client.get("/auth/me").get_json()["user"]["phone"] == "+447400123456"
